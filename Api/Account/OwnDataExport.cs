using System.Text.Json;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;
using Npgsql;
using Overnight.Api.Audit;
using Overnight.Api.Paging;
using Overnight.Core;
using Overnight.Core.Portfolios;

namespace Overnight.Api.Account;

/// <summary>
/// Writes all data of a user as a ZIP of JSON and CSV, as it is read: the account, its portfolio, criteria, sessions, who read its results,
/// what is in the action log about it, every stored result, and every calculation with its events in full.
/// </summary>
internal sealed class OwnDataExport(
    NpgsqlDataSource database,
    OwnResultReader results,
    CalculationQueries calculations,
    CalculationReader details,
    IOptions<JsonOptions> json,
    TimeProvider time
)
{
    public async Task WriteAsync(Stream to, Guid user, CancellationToken ct)
    {
        // Tables are read before anything is sent, so that a lost PostgreSQL is answered with 503, as by other routes.
        List<OwnRows> tables = [];
        foreach (var name in OwnRows.Names)
            tables.Add(await OwnRows.ReadAsync(database, name, user, ct));
        await using StreamingZip zip = new(to, time.GetUtcNow());
        foreach (var rows in tables)
        {
            await zip.AddAsync($"{rows.Name}.json", rows.ToJson(), ct);
            await zip.AddAsync($"{rows.Name}.csv", rows.ToCsv(), ct);
        }
        await foreach (var result in results.ReadAsync(user, ct))
        {
            await zip.AddAsync($"results/{result.FileName}.json", result.Recommendations, ct);
            await zip.AddAsync($"results/{result.FileName}.portfolio.json", result.Portfolio, ct);
        }
        await AddRecommendationsAsync(zip, user, ct);
        await AddCalculationsAsync(zip, user, ct);
        // A failed export gets no ZIP directory, so that a cut-off file can't be taken for a complete one.
        await zip.CompleteAsync(ct);
    }

    /// <summary>One table of all recommendations, in a second pass, because a ZIP is written one file at a time.</summary>
    private async Task AddRecommendationsAsync(StreamingZip zip, Guid user, CancellationToken ct)
    {
        await using var file = zip.Open("results.csv");
        CsvLines csv = new();
        OwnResult.AddHeader(csv);
        await foreach (var result in results.ReadAsync(user, ct))
        {
            result.AddTo(csv);
            await file.WriteAsync(csv.Take(), ct);
            await zip.SendAsync(ct);
        }
        await file.WriteAsync(csv.Take(), ct);
    }

    private async Task AddCalculationsAsync(StreamingZip zip, Guid user, CancellationToken ct)
    {
        UserRunCursor? after = null;
        while (true)
        {
            PageQuery<UserRunCursor> page = new(PageQuery<UserRunCursor>.MaxLimit, after);
            var items = await calculations.OfUserAsync(user, DateOnly.MinValue, DateOnly.MaxValue, page, ct);
            foreach (var item in items.Take(page.Limit))
            {
                await zip.AddAsync($"calculations/{IsoDate.Of(item.BusinessDate)}_{item.RunId:D}.json", await OpenedAsync(item, ct), ct);
                after = new(item.BusinessDate, item.RunNumber);
            }
            if (items.Count <= page.Limit)
                return;
        }
    }

    private async Task<byte[]> OpenedAsync(CalculationItem item, CancellationToken ct)
    {
        object? shown;
        try
        {
            shown = await details.ReadAsync(item.RunId, item.UserId, ct);
        }
        catch (Exception exception) when (exception is InvalidDataException or CalculationException)
        {
            // Damaged events must not keep the user from everything else.
            shown = new { item.RunId, Unreadable = exception.Message };
        }
        return JsonSerializer.SerializeToUtf8Bytes(shown, json.Value.SerializerOptions);
    }
}
