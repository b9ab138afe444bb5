using System.CommandLine;
using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;

namespace Overnight.Benchmarks.Pages;

/// <summary><c>pages</c>: the dashboard's page beside the JSON answer, and how soon it is seen.</summary>
internal static class PagesBenchmarkCommand
{
    public static Command Create()
    {
        var users = BenchmarkCommandLine.Number("--users", 5_000, 100, 1_000_000, "Users with a result and a session.");
        var seconds = BenchmarkCommandLine.Number("--seconds", 5, 1, 60, "Length of one measurement.");
        var connections = BenchmarkCommandLine.Number(
            "--connections",
            32,
            1,
            1_024,
            "Keep-alive connections, one request at a time on each."
        );
        var rounds = BenchmarkCommandLine.Number("--rounds", 3, 1, 25, "Measurements of page and JSON, in turn; the figures are medians.");
        Option<LocalRedisProgram> cache = new("--cache")
        {
            Description = "redis or garnet; the first that is there when left out.",
            DefaultValueFactory = _ => LocalRedisProgram.Any,
        };
        Command command = new(
            "pages",
            "Pages of the dashboard per second from the cache, beside the JSON answer of the same users; their bytes, the latencies that the "
                + "specification limits, and the largest contentful paint in Chromium, median of 20 warm navigations."
        )
        {
            users,
            seconds,
            connections,
            rounds,
            cache,
        };
        command.SetAction(
            (parsed, ct) =>
                PagesBenchmark.RunAsync(
                    new(
                        parsed.GetValue(users),
                        parsed.GetValue(seconds),
                        parsed.GetValue(connections),
                        parsed.GetValue(rounds),
                        PagesBenchmark.PerSecond,
                        parsed.GetValue(cache),
                        CacheTopology.Standalone
                    ),
                    ct
                )
        );
        return command;
    }
}
