using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;
using Overnight.LocalServers;

namespace Overnight.Benchmarks.Warm;

/// <summary>Entries per second of one size; null for what could not be measured.</summary>
/// <param name="Clients">With so many the server's tool was fastest.</param>
internal sealed record BulkFigures(WarmSettings Settings, double? Ours, double? Limit, int Clients, double? Rival, double? Garnet)
{
    public double? Ratio => Ours / Limit;

    /// <summary>Of the rounds of ours.</summary>
    public double? Spread { get; init; }
}

/// <summary>Measures writer, tool and rival in turn on one Redis, and then the writer on Garnet.</summary>
internal sealed class BulkBenchmark(Workbench bench)
{
    /// <summary>Client counts that are tried; the best is the limit.</summary>
    public static readonly int[] Clients = [1, 2, 4, 8, 16, 50];

    private readonly RedisBenchmarkTool? tool = RedisBenchmarkTool.Find();
    private readonly Dictionary<LocalRedisProgram, CacheServer?> servers = [];

    public async Task<BulkFigures> RunAsync(WarmSettings settings, CancellationToken ct)
    {
        BulkFigures figures = new(settings, null, null, 0, null, null);
        if (await ServerAsync(LocalRedisProgram.Redis, settings.Topology, ct) is { } redis)
            figures = await OnRedisAsync(redis, settings, ct);
        return
            settings.Topology == CacheTopology.Standalone
            && await ServerAsync(LocalRedisProgram.Garnet, settings.Topology, ct) is { } garnet
            ? figures with
            {
                Garnet = await OnGarnetAsync(garnet, settings, ct),
            }
            : figures;
    }

    private async Task<CacheServer?> ServerAsync(LocalRedisProgram kind, CacheTopology topology, CancellationToken ct)
    {
        if (servers.TryGetValue(kind, out var server))
            return server;
        try
        {
            return servers[kind] = await bench.StartCacheAsync(topology, kind, ct);
        }
        catch (MissingServerException e)
        {
            Report.Step($"No figure for {kind}: {e.Message}");
            return servers[kind] = null;
        }
        finally
        {
            if (kind == LocalRedisProgram.Redis && tool is null)
                Report.Step("redis-benchmark is not installed, so there is no limit to compare with.");
        }
    }

    private async Task<BulkFigures> OnRedisAsync(CacheServer cache, WarmSettings settings, CancellationToken ct)
    {
        using CacheAdmin admin = new(cache);
        using ProductBulkWriter writer = new(cache, admin);
        using AwaitedBatches rival = new(cache, admin);
        var best = 0;
        var fastest = 0.0;
        // In a cluster the tool has a thread for each node, and may give up when one of them has no client.
        foreach (var clients in tool is null ? [] : Clients.Where(n => n >= 3 || settings.Topology != CacheTopology.Cluster))
        {
            var rate = await tool!.MeasureAsync(cache, admin, settings, clients, ct);
            Report.Step($"redis-benchmark, {settings.Size:N0} bytes, {clients} clients: {rate:N0} entries per second.");
            if (rate > fastest)
                (best, fastest) = (clients, rate);
        }
        Report.Step(
            $"First time, not counted: our writer {await writer.MeasureAsync(settings, ct):N0}, awaited batches {await rival.MeasureAsync(settings):N0} entries per second."
        );

        List<double> limits = [],
            figures = [],
            rivals = [];
        for (var round = 0; round < settings.Rounds; round++)
        {
            if (tool is not null)
                limits.Add(await tool.MeasureAsync(cache, admin, settings, best, ct));
            figures.Add(await writer.MeasureAsync(settings, ct));
            rivals.Add(await rival.MeasureAsync(settings));
            Report.Step(
                $"Round {round + 1}: our writer {figures[^1]:N0}{(tool is null ? "" : $", redis-benchmark {limits[^1]:N0}")}, awaited batches {rivals[^1]:N0} entries per second."
            );
        }
        admin.Empty();
        return new(settings, Report.Median(figures), tool is null ? null : Report.Median(limits), best, Report.Median(rivals), null)
        {
            Spread = Report.Spread(figures),
        };
    }

    private static async Task<double> OnGarnetAsync(CacheServer cache, WarmSettings settings, CancellationToken ct)
    {
        using CacheAdmin admin = new(cache);
        using ProductBulkWriter writer = new(cache, admin);
        await writer.MeasureAsync(settings, ct);
        List<double> figures = [];
        for (var round = 0; round < settings.Rounds; round++)
            figures.Add(await writer.MeasureAsync(settings, ct));
        admin.Empty();
        return Report.Median(figures);
    }
}
