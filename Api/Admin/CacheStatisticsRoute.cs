using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Sessions;
using Overnight.Core.Caching;

namespace Overnight.Api.Admin;

/// <summary>
/// How well the cache serves this node: a route for administrators, a log line and a health check.
/// </summary>
internal static class CacheStatisticsRoute
{
    public static void AddCacheStatistics(this WebApplicationBuilder builder)
    {
        builder
            .Services.AddCaching()
            .AddSingleton<CacheMonitor>()
            .AddSingleton<CacheStatisticsReader>()
            .AddSingleton<CacheMinutes>()
            .AddHostedService<CacheMinutesLoop>()
            .AddHostedService<CacheMonitorLoop>()
            .AddHostedService<CacheLastSeenLoop>()
            .AddHostedService<ReadLatencyPublisher>();
        // A tag of its own keeps this check apart from those of the stores, whose loss takes a node out of service; a cold cache does not.
        builder.Services.AddHealthChecks().AddCheck<CacheHealthCheck>("cache-statistics", tags: ["statistics"]);
    }

    public static void MapCacheStatistics(this WebApplication app) =>
        app.MapGet("/api/admin/cache/stats", GetAsync)
            .WithTags("Admin")
            .RequireAuthorization(SessionSetup.Admin)
            .WithName("GetCacheStatistics")
            .WithSummary(
                "How this node's reads and writes of the cache went, in the last five minutes and since it started, and how many cached results differed from the stored ones."
            );

    private static async Task<Ok<CacheStatisticsAnswer>> GetAsync(CacheStatisticsReader statistics, CancellationToken ct) =>
        TypedResults.Ok(statistics.Read() with { Comparison = await statistics.CompareAsync(ct) });
}

/// <param name="Status">healthy; degraded with a hit rate under 70 % or errors over 5 %; unhealthy under 50 % or over 10 %; of the last
/// five minutes.</param>
/// <param name="Circuit">open while the cache is not asked because it does not answer; none where no cache is configured.</param>
/// <param name="Listening">Whether this node receives messages about changes; only then does it keep entries in memory.</param>
/// <param name="Sets">Hits and misses by cache set, of the last five minutes.</param>
/// <param name="Comparison">Of cached with stored results, by all processes of jobs; null while the database does not answer.</param>
internal sealed record CacheStatisticsAnswer(
    string Status,
    string Circuit,
    bool Listening,
    CachePeriod LastFiveMinutes,
    CachePeriod SinceStart,
    IReadOnlyList<CacheSetPeriod> Sets,
    CacheMemory Memory,
    CacheComparison? Comparison
);

/// <param name="Compared">Entries that were compared with the result they came from, since the first of them; two a user.</param>
/// <param name="Differing">Those of them that were not the same, byte for byte.</param>
/// <param name="LastAt">When entries were last compared; null before the first.</param>
/// <param name="LastDifferingAt">When one last differed; null when none ever did.</param>
internal sealed record CacheComparison(long Compared, long Differing, DateTimeOffset? LastAt, DateTimeOffset? LastDifferingAt);

/// <param name="Hits">Reads answered by the cache, or by this node's memory: <paramref name="MemoryHits"/> of them.</param>
/// <param name="Misses">Reads that found no entry, a damaged one, or one of an older generation.</param>
/// <param name="Errors">Reads and writes that failed, and reads not tried while the circuit was open (<paramref name="Bypassed"/>).</param>
/// <param name="HitRate">Hits as a share of hits and misses, 0 to 1.</param>
/// <param name="ErrorRate">Errors as a share of all reads and writes, 0 to 1.</param>
/// <param name="MeanHitTime">Milliseconds that the cache took to answer with a value.</param>
internal sealed record CachePeriod(
    long Hits,
    long MemoryHits,
    long Misses,
    long Damaged,
    long Outdated,
    long Sets,
    long FailedSets,
    long Errors,
    long Bypassed,
    double? HitRate,
    double? ErrorRate,
    double? MeanHitTime
)
{
    public static CachePeriod From(CacheFigures figures) =>
        new(
            figures.Hits(),
            figures.Count(CacheOutcome.MemoryHit),
            figures.Misses(),
            figures.Count(CacheOutcome.Damaged),
            figures.Count(CacheOutcome.Outdated),
            figures.Sets,
            figures.FailedSets,
            figures.Errors,
            figures.Count(CacheOutcome.Bypassed),
            Rounded(figures.HitRate()),
            Rounded(figures.ErrorRate),
            Rounded(figures.MeanHitTime?.TotalMilliseconds)
        );

    public static double? Rounded(double? value) => value is { } given ? Math.Round(given, 4) : null;
}

internal sealed record CacheSetPeriod(string Set, long Hits, long Misses, double? HitRate)
{
    public static CacheSetPeriod From(CacheFigures figures, CacheSet set) =>
        new(set.ToString().ToLowerInvariant(), figures.Hits(set), figures.Misses(set), CachePeriod.Rounded(figures.HitRate(set)));
}

/// <summary>Bytes kept in this node's memory.</summary>
/// <param name="LastKnown">Last known values, served when neither the cache nor the database answers.</param>
internal sealed record CacheMemory(long Results, long Entries, long LastKnown);
