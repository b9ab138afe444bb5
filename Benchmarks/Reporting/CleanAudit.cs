using Npgsql;
using Overnight.Auditor;
using Overnight.Benchmarks.Servers;

namespace Overnight.Benchmarks.Reporting;

/// <summary>Asks a program that shares no code with the product whether all nights are as they must be.</summary>
internal static class CleanAudit
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

    /// <returns>Whether everything was looked at, and nothing found.</returns>
    public static async Task<bool> RunAsync(NpgsqlDataSource database, CacheServer cache, CancellationToken ct)
    {
        var audit = await DatabaseAudit.RunAsync(database, new(Patience, cache.ConnectionString), ct);
        foreach (var finding in audit.Findings)
            Report.Step($"{finding}");
        Report.Step(
            $"Audited {audit.Runs:N0} nights with {audit.Results:N0} results, {audit.Events:N0} events and {audit.CacheEntries:N0} cached entries: "
                + $"{audit.Count:N0} findings."
        );
        if (!audit.IsWhole)
            Report.Step($"Not all was looked at: {string.Join(", ", audit.NotReached)} {audit.CacheTrouble}");
        return audit is { Count: 0, IsWhole: true };
    }
}
