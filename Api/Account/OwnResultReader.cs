using System.Runtime.CompilerServices;
using System.Text.Json;
using Npgsql;
using Overnight.Core;
using Overnight.Core.Data;

namespace Overnight.Api.Account;

/// <summary>A stored result of a user, with the bytes that the cache holds.</summary>
internal sealed record OwnResult(DateOnly BusinessDate, Guid RunId, DateTimeOffset GeneratedAt, byte[] Recommendations, byte[] Portfolio)
{
    private static readonly string[] Header =
    [
        "businessDate",
        "runId",
        "generatedAt",
        "symbol",
        "score",
        "amount",
        "currency",
        "allocationGap",
    ];

    public string FileName => $"{IsoDate.Of(BusinessDate)}_{RunId:D}";

    public static void AddHeader(CsvLines csv)
    {
        foreach (var name in Header)
            csv.Plain(name);
        csv.End();
    }

    /// <summary>Adds a line per recommendation; one without any when the stored bytes can't be read.</summary>
    public void AddTo(CsvLines csv)
    {
        try
        {
            using var entry = JsonDocument.Parse(Recommendations);
            foreach (var item in entry.RootElement.GetProperty("recommendations").EnumerateArray())
            {
                Begin(csv).Text(item.GetProperty("symbol").GetString());
                csv.Plain(item.GetProperty("score").GetString()).Plain(item.GetProperty("amount").GetString());
                csv.Text(item.GetProperty("currency").GetString()).Plain(item.GetProperty("allocationGap").GetString()).End();
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            // Another build's or damaged bytes; they are in the export as they are stored.
            Begin(csv).End();
        }
    }

    private CsvLines Begin(CsvLines csv) => csv.Plain(IsoDate.Of(BusinessDate)).Plain($"{RunId:D}").Plain(IsoDate.Of(GeneratedAt));
}

/// <summary>Reads a user's stored results, oldest first.</summary>
internal sealed class OwnResultReader(NpgsqlDataSource database)
{
    private const int PageSize = 20;

    // The date alone lets the planner skip earlier months.
    internal const string Page = """
        select business_date, run_id, generated_at, recommendations, portfolio from calculation_results
        where user_id = $1 and business_date >= $2 and (business_date, run_id) > ($2, $3) order by business_date, run_id limit $4
        """;

    // One lookup by the primary key per run.
    internal const string OfRuns = """
        select r.business_date, r.run_id, r.generated_at, r.recommendations, r.portfolio
        from unnest($2, $3) as asked (business_date, run_id) join calculation_results r using (business_date, run_id) where r.user_id = $1
        """;

    /// <summary>The user's results of some runs, by run; those that are not stored, or not any more, are left out.</summary>
    public async Task<Dictionary<Guid, OwnResult>> OfRunsAsync(
        Guid user,
        IReadOnlyCollection<(DateOnly BusinessDate, Guid Run)> runs,
        CancellationToken ct
    )
    {
        await using var command = database.Command(
            OfRuns,
            user,
            runs.Select(run => run.BusinessDate).ToArray(),
            runs.Select(run => run.Run).ToArray()
        );
        await using var reader = await command.ExecuteReaderAsync(ct);
        Dictionary<Guid, OwnResult> results = [];
        while (await reader.ReadAsync(ct))
            results.Add(reader.GetGuid(1), Read(reader));
        return results;
    }

    /// <summary>Page by page, so that no connection is held while a client takes its time.</summary>
    public async IAsyncEnumerable<OwnResult> ReadAsync(Guid user, [EnumeratorCancellation] CancellationToken ct)
    {
        var (date, run) = (DateOnly.MinValue, Guid.Empty);
        while (true)
        {
            var page = await ReadPageAsync(user, date, run, ct);
            foreach (var result in page)
                yield return result;
            if (page.Count < PageSize)
                yield break;
            (date, run) = (page[^1].BusinessDate, page[^1].RunId);
        }
    }

    private async Task<List<OwnResult>> ReadPageAsync(Guid user, DateOnly date, Guid run, CancellationToken ct)
    {
        await using var command = database.Command(Page, user, date, run, PageSize);
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<OwnResult> page = [];
        while (await reader.ReadAsync(ct))
            page.Add(Read(reader));
        return page;
    }

    private static OwnResult Read(NpgsqlDataReader reader) =>
        new(
            reader.GetFieldValue<DateOnly>(0),
            reader.GetGuid(1),
            reader.GetFieldValue<DateTimeOffset>(2),
            reader.GetFieldValue<byte[]>(3),
            reader.GetFieldValue<byte[]>(4)
        );
}
