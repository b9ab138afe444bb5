using System.CommandLine;
using Overnight.Benchmarks.Reporting;

namespace Overnight.Benchmarks.Recovery;

/// <param name="Users">With a result and a session, spread over the tenants.</param>
/// <param name="Rate">Reads per second.</param>
/// <param name="Seconds">From the stop of the cache server on: the same with warming and without.</param>
/// <param name="Sessions">That warming takes; the product's own number when null.</param>
internal sealed record RecoverySettings(int Users, int Tenants, int Flags, int Rate, int Seconds, int? Sessions, LocalRedisProgram Cache);

/// <summary><c>recovery</c>: the cache server loses everything while people read.</summary>
internal static class RecoveryBenchmarkCommand
{
    public static Command Create()
    {
        var users = BenchmarkCommandLine.Number(
            "--users",
            1_000,
            100,
            1_000_000,
            "Users with a result and a session; as many as the sessions that warming takes by itself."
        );
        var tenants = BenchmarkCommandLine.Number(
            "--tenants",
            20,
            1,
            1_000,
            "Tenants with reference data, over which the users are spread."
        );
        var flags = BenchmarkCommandLine.Number("--flags", 20, 1, 10_000, "Feature flags that are read.");
        var rate = BenchmarkCommandLine.Number(
            "--rate",
            200,
            10,
            10_000,
            "Reads per second: 60 % dashboards, 20 % reference data, 20 % flags."
        );
        var seconds = BenchmarkCommandLine.Number("--seconds", 30, 5, 600, "Measured from the stop of the cache server on.");
        Option<int?> sessions = new("--sessions")
        {
            Description = "Sessions that warming takes (Warming:Sessions:Count); the product's own number when left out.",
        };
        Option<LocalRedisProgram> cache = new("--cache")
        {
            Description = "redis or garnet; the first that is there when left out.",
            DefaultValueFactory = _ => LocalRedisProgram.Any,
        };
        Command command = new(
            "recovery",
            "The cache server is stopped with all its data under mixed reads and started empty: errors, time until the hit rate is back, and database queries, with warming and without."
        )
        {
            users,
            tenants,
            flags,
            rate,
            seconds,
            sessions,
            cache,
        };
        command.SetAction(
            (parsed, ct) =>
                RecoveryBenchmark.RunAsync(
                    new(
                        parsed.GetValue(users),
                        parsed.GetValue(tenants),
                        parsed.GetValue(flags),
                        parsed.GetValue(rate),
                        parsed.GetValue(seconds),
                        parsed.GetValue(sessions),
                        parsed.GetValue(cache)
                    ),
                    ct
                )
        );
        return command;
    }
}
