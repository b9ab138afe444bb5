using Overnight.LocalServers;
using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;

namespace Overnight.Benchmarks.Warm;

/// <summary>Measures writer and tool in turn on one Redis, and then the writer on Garnet.</summary>
internal static class WarmBenchmark
{
    /// <summary>Client counts that are tried; the best is the limit.</summary>
    private static readonly int[] Clients = [1, 2, 4, 8, 16, 50];

    public static async Task<int> RunAsync(WarmSettings settings, CancellationToken ct)
    {
        await using var bench = await Workbench.CreateAsync();
        var (ours, limit, clients) = await OnRedisAsync(bench, settings, ct);
        var garnet = await OnGarnetAsync(bench, settings, ct);

        var table = Report.Table($"{settings.Entries:N0} entries of {settings.Size:N0} bytes with a TTL, {settings.Writers} writers", "", "entries per second");
        table.Row("our writer, Redis", Figure(ours));
        table.Row($"redis-benchmark, pipeline 64{(clients > 0 ? $", its best of {string.Join(", ", Clients)} clients: {clients}" : "")}", Figure(limit));
        if (ours is { } a && limit is { } b) table.Row("ratio", $"{a / b:P0}");
        table.Row("our writer, Garnet", Figure(garnet));
        Report.Write(table);
        Report.Write(new
        {
            Benchmark = "warm",
            Ratio = ours / limit is { } ratio ? Report.Rounded(ratio) : (double?)null,
            EntriesPerSecond = Round(ours),
            LimitPerSecond = Round(limit),
            LimitClients = limit is null ? (int?)null : clients,
            GarnetEntriesPerSecond = Round(garnet),
            settings.Entries,
            settings.Size,
        });
        return 0;
    }

    private static async Task<(double? Ours, double? Limit, int Clients)> OnRedisAsync(Workbench bench, WarmSettings settings, CancellationToken ct)
    {
        CacheServer cache;
        try
        {
            cache = await bench.StartCacheAsync(CacheKind.Redis, ct);
        }
        catch (MissingServerException e)
        {
            Report.Step($"No figure for Redis: {e.Message}");
            return (null, null, 0);
        }
        using CacheAdmin admin = new(cache);
        using BulkWriter writer = new(cache, admin);
        var tool = ServerTool.Find();
        if (tool is null) Report.Step("redis-benchmark is not installed, so there is no limit to compare with.");

        var best = 0;
        var fastest = 0.0;
        foreach (var clients in tool is null ? [] : Clients)
        {
            var rate = await tool!.MeasureAsync(cache, admin, settings, clients, ct);
            Report.Step($"redis-benchmark, {clients} clients: {rate:N0} entries per second.");
            if (rate > fastest) (best, fastest) = (clients, rate);
        }
        Report.Step($"Our writer, first time, not counted: {await writer.MeasureAsync(settings, ct):N0} entries per second.");

        List<double> limits = [], figures = [];
        for (var round = 0; round < settings.Rounds; round++)
        {
            if (tool is not null) limits.Add(await tool.MeasureAsync(cache, admin, settings, best, ct));
            figures.Add(await writer.MeasureAsync(settings, ct));
            Report.Step($"Round {round + 1}: our writer {figures[^1]:N0}{(tool is null ? "" : $", redis-benchmark {limits[^1]:N0}")} entries per second.");
        }
        return (Report.Median(figures), tool is null ? null : Report.Median(limits), best);
    }

    private static async Task<double?> OnGarnetAsync(Workbench bench, WarmSettings settings, CancellationToken ct)
    {
        try
        {
            var cache = await bench.StartCacheAsync(CacheKind.Garnet, ct);
            using CacheAdmin admin = new(cache);
            using BulkWriter writer = new(cache, admin);
            await writer.MeasureAsync(settings, ct);
            List<double> figures = [];
            for (var round = 0; round < settings.Rounds; round++) figures.Add(await writer.MeasureAsync(settings, ct));
            return Report.Median(figures);
        }
        catch (MissingServerException e)
        {
            Report.Step($"No figure for Garnet: {e.Message}");
            return null;
        }
    }

    private static string Figure(double? rate) => rate is { } figure ? $"{figure:N0}" : "-";

    private static double? Round(double? rate) => rate is { } figure ? Math.Round(figure) : null;
}
