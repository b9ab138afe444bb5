using System.CommandLine;
using Overnight.Benchmarks.Reporting;

namespace Overnight.Benchmarks.Explanations;

/// <param name="Users">Demo users, each with a result of one night.</param>
/// <param name="Requests">What-ifs asked for on each side, of one user after the other.</param>
internal sealed record WhatIfSettings(int Users, int Requests, LocalRedisProgram Cache);

/// <summary><c>what-if</c>: how long what-ifs take, with the market snapshot in memory and without.</summary>
internal static class WhatIfBenchmarkCommand
{
    public static Command Create()
    {
        var users = BenchmarkCommandLine.Number("--users", 1_000, 10, 100_000, "Demo users, each with a result of one night.");
        var requests = BenchmarkCommandLine.Number("--requests", 1_000, 20, 100_000, "What-ifs on each side, of one user after the other.");
        Option<LocalRedisProgram> cache = new("--cache")
        {
            Description = "redis or garnet; the first that is there when left out.",
            DefaultValueFactory = _ => LocalRedisProgram.Any,
        };
        Command command = new(
            "what-if",
            "What-ifs and explanations through HTTP, with the market snapshot in memory and without: milliseconds."
        )
        {
            users,
            requests,
            cache,
        };
        command.SetAction(
            (parsed, ct) => WhatIfBenchmark.RunAsync(new(parsed.GetValue(users), parsed.GetValue(requests), parsed.GetValue(cache)), ct)
        );
        return command;
    }
}
