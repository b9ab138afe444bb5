using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Overnight.Core;
using Overnight.Core.Caching;
using Overnight.Core.Results;
using Overnight.Core.Warming;

namespace Overnight.Jobs.Commands;

/// <summary><c>cache stats</c>: figures of the cache server, and how warm each set is.</summary>
internal static class CacheCommand
{
    public static Command Create() =>
        new("cache", "Shows and removes entries of the cache.") { Stats(), CacheEntryCommands.Show(), CacheEntryCommands.Invalidate() };

    private static Command Stats()
    {
        Command command = new(
            "stats",
            "Shows keys, memory, hits and latency of the cache server, the latest warm of each set, and how many cached results differed from the stored ones. Exit code 1 when the cache does not answer."
        );
        command.SetWork((_, services, output, ct) => RunAsync(services, output, ct), builder => builder.Services.AddWarming());
        return command;
    }

    private static async Task<int> RunAsync(IServiceProvider services, CommandOutput output, CancellationToken ct)
    {
        var cache = await CommandServices.RequireCacheAsync(services);
        try
        {
            foreach (var server in await cache.DescribeAsync())
            {
                foreach (var line in Lines(server))
                    output.Line(line);
            }
        }
        catch (CacheAwayException exception)
        {
            throw new CommandException($"The cache does not answer: {exception.Message}", exception);
        }
        foreach (var line in await SetLinesAsync(services, ct))
            output.Line(line);
        output.Line(Truth(await CacheTruth.ReadAsync(services.GetRequiredService<NpgsqlDataSource>(), ct)));
        return CommandLine.Success;
    }

    private static IEnumerable<string> Lines(CacheServerInfo server)
    {
        var memory = server.Told.GetValueOrDefault("used_memory_human", "? bytes");
        yield return $"{server.EndPoint}: {Plural.Of(server.Keys, "key")}, {memory}, answers in {server.Latency.TotalMilliseconds:F1} ms";
        if (Number(server.Told, "keyspace_hits") is not { } hits || Number(server.Told, "keyspace_misses") is not { } misses)
            yield break;
        var rate = hits + misses > 0 ? $", {100.0 * hits / (hits + misses):F1} %" : "";
        var evicted = Number(server.Told, "evicted_keys") ?? 0;
        yield return $"  since it started: {Plural.Of(hits, "hit")}, {Plural.Of(misses, "miss", "misses")}{rate}, {evicted:N0} evicted";
    }

    private static string Truth(CacheTruthFigures figures) =>
        figures.LastAt is { } last
            ? $"compared with the stored results: {figures.Differing:N0} of {Plural.Of(figures.Compared, "entry", "entries")} differ, the last compared {Time(last)} UTC"
            : "compared with the stored results: nothing yet";

    private static string Time(DateTimeOffset time) => $"{time.UtcDateTime:yyyy-MM-dd HH:mm:ss}";

    private static async Task<List<string>> SetLinesAsync(IServiceProvider services, CancellationToken ct)
    {
        var marker = await services.GetRequiredService<CacheInstanceMarker>().FindAsync();
        var progress = await services.GetRequiredService<WarmProgressStore>().ReadAsync(ct);
        List<string> lines = [];
        foreach (var set in services.GetRequiredService<Warmer>().Sets)
        {
            var declaration = set.Declaration;
            if (!progress.TryGetValue(set.Name, out var last) || last.Marker != marker)
            {
                lines.Add($"{set.Name}: not warmed on this server yet");
                continue;
            }
            var next = DueWarmSets.Next(declaration, last) is { } at ? $", again at {at.UtcDateTime:yyyy-MM-dd HH:mm} UTC" : "";
            var entries = Plural.Of(last.Warmed, "entry", "entries");
            lines.Add(
                last.CompletedAt is { } completed
                    ? $"{set.Name}: {entries}, {last.Failed:N0} failed, {last.Trigger}, {Time(completed)} UTC{next}"
                    : $"{set.Name}: under way or interrupted after {entries}, started {Time(last.StartedAt)} UTC"
            );
        }
        return lines;
    }

    private static long? Number(IReadOnlyDictionary<string, string> told, string key) =>
        told.TryGetValue(key, out var text) && long.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : null;
}
