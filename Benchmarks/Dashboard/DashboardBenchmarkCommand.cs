using System.CommandLine;
using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;

namespace Overnight.Benchmarks.Dashboard;

/// <param name="Seconds">Of one measurement.</param>
/// <param name="Rounds">Each measures the constant, the dashboard and its rivals, one after the other.</param>
/// <param name="Rate">Reads per second where the rate is fixed.</param>
internal sealed record DashboardSettings(
    int Users,
    int Seconds,
    int Connections,
    int Rounds,
    int Rate,
    LocalRedisProgram Cache,
    CacheTopology Topology
);

/// <summary><c>dashboard</c>: the morning, beside what the server could do at best; or beside itself, while everything is warmed.</summary>
internal static class DashboardBenchmarkCommand
{
    private const int Users = 100_000,
        UsersWarmed = 150_000;

    public static Command Create()
    {
        Option<int?> users = new("--users")
        {
            Description =
                $"Users with a result and a session; {Users:N0} when left out, with --while-warming {UsersWarmed:N0}, of two entries each.",
        };
        users.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 100 or > 10_000_000)
                result.AddError($"--users must be from 100 to 10000000, not {result.GetValueOrDefault<int?>()}.");
        });
        var seconds = BenchmarkCommandLine.Number("--seconds", 15, 1, 60, "Length of one measurement.");
        var connections = BenchmarkCommandLine.Number(
            "--connections",
            32,
            1,
            1_024,
            "Keep-alive connections, one request at a time on each."
        );
        var rounds = BenchmarkCommandLine.Number("--rounds", 3, 1, 25, "Measurements of each side, in turn; the figures are medians.");
        Option<bool> whileWarming = new("--while-warming")
        {
            Description =
                "Instead, the latency of reads at a fixed rate while jobs warm writes every entry anew, beside the same while idle.",
        };
        var rate = BenchmarkCommandLine.Number("--rate", 500, 10, 10_000, "With --while-warming, reads per second.");
        Option<LocalRedisProgram> cache = new("--cache")
        {
            Description = "redis or garnet; the first that is there when left out.",
            DefaultValueFactory = _ => LocalRedisProgram.Any,
        };
        var topology = BenchmarkCommandLine.Topology();
        Command command = new(
            "dashboard",
            "Cached dashboards per second, a session validated on each, beside the same server answering the same bytes from a constant, and "
                + "beside the same reads by the client library alone and by FusionCache; then the latencies that the specification limits."
        )
        {
            users,
            seconds,
            connections,
            rounds,
            whileWarming,
            rate,
            cache,
            topology,
        };
        command.SetAction(
            (parsed, ct) =>
            {
                var isWarming = parsed.GetValue(whileWarming);
                DashboardSettings settings = new(
                    parsed.GetValue(users) ?? (isWarming ? UsersWarmed : Users),
                    parsed.GetValue(seconds),
                    parsed.GetValue(connections),
                    parsed.GetValue(rounds),
                    parsed.GetValue(rate),
                    parsed.GetValue(cache),
                    parsed.GetValue(topology)
                );
                return isWarming ? DashboardWhileWarming.RunAsync(settings, ct) : DashboardBenchmark.RunAsync(settings, ct);
            }
        );
        return command;
    }
}
