using System.Runtime.CompilerServices;
using System.Text.Json;
using Overnight.Tests.Pipeline;

namespace Overnight.Tests.Providers;

/// <summary>What a run left in the database: prices, reports of providers, users' entries.</summary>
internal static class ProviderRunRecord
{
    public static async Task<Dictionary<string, decimal>> PricesAsync(PipelineFixture night, CancellationToken ct)
    {
        await using var command = night.Database.CreateCommand("select a.symbol, p.price from assets a join prices p on p.asset_id = a.id");
        await using var reader = await command.ExecuteReaderAsync(ct);
        Dictionary<string, decimal> prices = [];
        while (await reader.ReadAsync(ct))
            prices[reader.GetString(0)] = reader.GetDecimal(1);
        return prices;
    }

    public static async Task<IReadOnlyList<JsonElement>> ReportsAsync(PipelineFixture night, Guid run, CancellationToken ct) =>
        [
            .. JsonDocument
                .Parse(await night.ScalarAsync<string>("select metrics::text from overnight_job_runs where id = $1", ct, run))
                .RootElement.GetProperty("providers")
                .EnumerateArray(),
        ];

    public static string Short(JsonElement report) =>
        $"{report.GetProperty("feed").GetString()} {report.GetProperty("provider").GetString()} {report.GetProperty("outcome").GetString()} {report.GetProperty("values").GetInt32()}";

    public static async Task<IReadOnlyList<string>> TotalsAsync(PipelineFixture night, Guid run, CancellationToken ct)
    {
        List<string> totals = [];
        await foreach (var entry in EntriesAsync(night, run, ct))
            totals.Add(
                $"{entry.GetProperty("userId").GetGuid()} {entry.GetProperty("portfolioSummary").GetProperty("totalValue").GetString()}"
            );
        return totals;
    }

    public static async IAsyncEnumerable<JsonElement> EntriesAsync(
        PipelineFixture night,
        Guid run,
        [EnumeratorCancellation] CancellationToken ct
    )
    {
        await using var command = night.Database.CreateCommand(
            "select recommendations from calculation_results where run_id = $1 order by user_id"
        );
        command.Parameters.Add(new() { Value = run });
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            yield return JsonDocument.Parse(reader.GetFieldValue<byte[]>(0)).RootElement;
    }
}
