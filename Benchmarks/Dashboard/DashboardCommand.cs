using System.CommandLine;
using Overnight.LocalServers;
using Overnight.Benchmarks.Reporting;

namespace Overnight.Benchmarks.Dashboard;

/// <param name="Seconds">Of one measurement.</param>
/// <param name="Rounds">Each measures the constant and the dashboard, one after the other.</param>
internal sealed record DashboardSettings(int Users, int Seconds, int Connections, int Rounds, CacheKind Cache);

/// <summary><c>dashboard</c>: the morning, beside what the server could do at best.</summary>
internal static class DashboardCommand
{
    public static Command Create()
    {
        var users = BenchmarkCommandLine.Number("--users", 100_000, 100, 10_000_000, "Users with a result and a session.");
        var seconds = BenchmarkCommandLine.Number("--seconds", 15, 1, 60, "Length of one measurement.");
        var connections = BenchmarkCommandLine.Number("--connections", 32, 1, 1_024, "Keep-alive connections, one request at a time on each.");
        var rounds = BenchmarkCommandLine.Number("--rounds", 2, 1, 25, "Measurements of each side, in turn; the figures are medians.");
        Option<CacheKind> cache = new("--cache") { Description = "redis or garnet; the first that is there when left out.", DefaultValueFactory = _ => CacheKind.Any };
        Command command = new("dashboard", "Cached dashboards per second, a session validated on each, beside the same server answering the same bytes from a constant.") { users, seconds, connections, rounds, cache };
        command.SetAction((parsed, ct) => DashboardBenchmark.RunAsync(
            new(parsed.GetValue(users), parsed.GetValue(seconds), parsed.GetValue(connections), parsed.GetValue(rounds), parsed.GetValue(cache)), ct));
        return command;
    }
}
