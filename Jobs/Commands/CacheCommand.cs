using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Overnight.Core.Warming;
using StackExchange.Redis;

namespace Overnight.Jobs.Commands;

/// <summary><c>cache stats</c>: what the cache server tells of itself, and how warm it is (SPEC E3).</summary>
internal static class CacheCommand
{
    public static Command Create() =>
        new("cache", "Looks at the cache, and forgets what is in it.")
        {
            Stats(),
            CacheEntryCommands.Show(),
            CacheEntryCommands.Invalidate(),
        };

    private static Command Stats()
    {
        Command command = new(
            "stats",
            "Shows keys, memory, hits and latency of the cache server, and the latest warm of each set. Exit code 1 when the cache does not answer."
        );
        command.SetAction((parsed, ct) => CommandServices.RunAsync(parsed, RunAsync, ct, builder => builder.Services.AddWarming()));
        return command;
    }

    private static async Task<int> RunAsync(IServiceProvider services, CommandOutput output, CancellationToken ct)
    {
        var cache = CommandServices.RequireCache(services);
        try
        {
            foreach (var line in await ServerLinesAsync(cache))
                output.Line(line);
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException)
        {
            throw new CommandException($"The cache does not tell: {exception.Message}", exception);
        }
        foreach (var line in await SetLinesAsync(services, ct))
            output.Line(line);
        return CommandLine.Success;
    }

    private static async Task<List<string>> ServerLinesAsync(IConnectionMultiplexer cache)
    {
        List<string> lines = [];
        foreach (var server in cache.GetEndPoints().Select(endPoint => cache.GetServer(endPoint)).Where(server => server.IsConnected))
        {
            var begin = Stopwatch.GetTimestamp();
            await server.PingAsync();
            var latency = Stopwatch.GetElapsedTime(begin);
            Dictionary<string, string> told = new(StringComparer.OrdinalIgnoreCase);
            // As text: the client's own INFO is for administrators of the server only.
            foreach (var line in ((string?)await cache.GetDatabase().ExecuteAsync("INFO") ?? "").Split('\n'))
            {
                if (line.Split(':', 2) is [var key, var value])
                    told[key] = value.TrimEnd();
            }
            lines.Add(
                $"{server.EndPoint}: {await server.DatabaseSizeAsync():N0} keys, {told.GetValueOrDefault("used_memory_human", "? bytes")}, answers in {latency.TotalMilliseconds:F1} ms"
            );
            if (Number(told, "keyspace_hits") is { } hits && Number(told, "keyspace_misses") is { } misses)
                lines.Add(
                    $"  since it started: {hits:N0} hits, {misses:N0} misses{(hits + misses > 0 ? $", {100.0 * hits / (hits + misses):F1} %" : "")}, {Number(told, "evicted_keys") ?? 0:N0} evicted"
                );
        }
        return lines;
    }

    private static async Task<List<string>> SetLinesAsync(IServiceProvider services, CancellationToken ct)
    {
        var marker = await services.GetRequiredService<CacheMarker>().FindAsync();
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
            var next = DueSets.Next(declaration, last) is { } at ? $", again at {at.UtcDateTime:yyyy-MM-dd HH:mm} UTC" : "";
            lines.Add(
                last.CompletedAt is { } completed
                    ? $"{set.Name}: {last.Warmed:N0} entries, {last.Failed:N0} failed, {last.Trigger}, {completed.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC{next}"
                    : $"{set.Name}: under way or broken at {last.Warmed:N0} entries since {last.StartedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC"
            );
        }
        return lines;
    }

    private static long? Number(Dictionary<string, string> told, string key) =>
        told.TryGetValue(key, out var text) && long.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : null;
}
