using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Runs;

namespace Overnight.Api.Operations;

/// <summary>What a provider did in the last run that was planned.</summary>
/// <param name="Feed">rates or prices.</param>
/// <param name="Outcome">used, failed, stale (last stored values in place of newer ones), or not_asked.</param>
/// <param name="Reason">Why it failed, such as timeout; null when it did not.</param>
/// <param name="Since">Start of the first of the last runs in a row with this outcome and reason, among the last 200.</param>
/// <param name="Values">How many of its values were used.</param>
/// <param name="Refused">How many of its values were refused or missing.</param>
/// <param name="Refusals">The first of them.</param>
/// <param name="StaleSince">Time of the oldest stored value that replaces a newer one; null when none does.</param>
/// <param name="TookMs">Milliseconds.</param>
/// <param name="AsOf">Time of its newest value that was accepted, by the last of these runs in which any was; null without any.</param>
/// <param name="CallsToday">Requests of all jobs processes since midnight, UTC.</param>
/// <param name="CallsLeft">Requests that its budget has left today; null without a budget, and before the first request of the day.</param>
internal sealed record ProviderState(
    string Feed,
    string Provider,
    string Outcome,
    string? Reason,
    string? Detail,
    DateTimeOffset Since,
    int Values,
    int Refused,
    IReadOnlyList<RefusedValue> Refusals,
    DateTimeOffset? StaleSince,
    double TookMs,
    DateTimeOffset? AsOf,
    int CallsToday,
    int? CallsLeft
);

/// <param name="Key">A currency or a symbol.</param>
internal sealed record RefusedValue(string Key, string Reason, string? Detail);

/// <summary>The providers in the last run that asked them.</summary>
/// <param name="PricesAsOf">Time of the newest price of that run; null without any.</param>
/// <param name="RatesAsOf">Time of the newest exchange rate of that run; null without any.</param>
internal sealed record ProviderAnswer(
    Guid RunId,
    string Market,
    DateTimeOffset StartedAt,
    DateTimeOffset? PricesAsOf,
    DateTimeOffset? RatesAsOf,
    IReadOnlyList<ProviderState> Items
);

/// <summary>Reads what the runs recorded of the providers that they asked.</summary>
internal sealed class ProviderStates(NpgsqlDataSource database, TimeProvider time)
{
    // Reads the last 200 planned runs, among which the start of a provider's current outcome is looked for.
    private const string Query = """
        select r.id, r.market, r.started_at, r.metrics::text, s.prices_as_of, s.rates_as_of
        from (select id, market, number, started_at, metrics, snapshot_id from overnight_job_runs
            where job_type = 'scoring' and planned_at is not null order by number desc limit 200) r
            left join market_snapshots s on s.id = r.snapshot_id
        order by r.number desc
        """;

    /// <returns>Null while no run has asked providers.</returns>
    public Task<ProviderAnswer?> ReadAsync(CancellationToken ct) =>
        DatabaseRetry.ReadAsync(async () =>
        {
            var calls = await CallsAsync(ct);
            await using var command = database.CreateCommand(Query);
            await using var reader = await command.ExecuteReaderAsync(ct);
            ProviderAnswer? answer = null;
            Dictionary<string, (ProviderReport Report, DateTimeOffset Since, bool IsOpen)> states = new(StringComparer.Ordinal);
            while (await reader.ReadAsync(ct))
            {
                var reports = ProviderReport.Read(RunStatistics.Read(await reader.IsDBNullAsync(3, ct) ? null : reader.GetString(3)));
                if (reports.Count == 0)
                    continue;
                var started = reader.GetFieldValue<DateTimeOffset>(2);
                answer ??= new(reader.GetGuid(0), reader.GetString(1), started, Time(reader, 4), Time(reader, 5), []);
                foreach (var report in reports)
                {
                    var key = Key(report);
                    if (!states.TryGetValue(key, out var state))
                    {
                        if (answer.RunId == reader.GetGuid(0))
                            states[key] = (report, started, true);
                    }
                    else
                    {
                        // A provider that failed still has the values of the last time it did not.
                        if (state.Report.AsOf is null)
                            states[key] = state = state with { Report = state.Report with { AsOf = report.AsOf } };
                        if (!state.IsOpen)
                            continue;
                        var isSame = state.Report.Outcome == report.Outcome && state.Report.Reason == report.Reason;
                        states[key] = isSame ? state with { Since = started } : state with { IsOpen = false };
                    }
                }
            }
            return answer is null ? null : answer with { Items = [.. states.Values.Select(state => Of(state.Report, state.Since, calls))] };
        });

    private static string Key(ProviderReport report) => $"{report.Feed}/{report.Provider}";

    /// <summary>Requests of today and how many are allowed, by provider.</summary>
    private async Task<Dictionary<string, (int Calls, int? Most)>> CallsAsync(CancellationToken ct)
    {
        Dictionary<string, (int, int?)> calls = new(StringComparer.Ordinal);
        await using var command = database.Command(
            "select provider, calls, most from provider_calls where day = $1",
            DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime)
        );
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            calls.Add(reader.GetString(0), (reader.GetInt32(1), await reader.IsDBNullAsync(2, ct) ? null : reader.GetInt32(2)));
        return calls;
    }

    private static ProviderState Of(ProviderReport report, DateTimeOffset since, Dictionary<string, (int Calls, int? Most)> calls)
    {
        var (today, most) = calls.GetValueOrDefault(report.Provider);
        return new(
            report.Feed,
            report.Provider,
            report.Outcome,
            report.Reason,
            report.Detail,
            since,
            report.Values,
            report.Refused,
            [.. (report.Refusals ?? []).Select(refusal => new RefusedValue(refusal.Key, refusal.Reason, refusal.Detail))],
            report.StaleSince,
            report.TookMs,
            report.AsOf,
            today,
            most is { } all ? Math.Max(0, all - today) : null
        );
    }

    private static DateTimeOffset? Time(NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : reader.GetFieldValue<DateTimeOffset>(column);
}
