using System.CommandLine;
using Overnight.Benchmarks.Reporting;

namespace Overnight.Benchmarks.Hashing;

/// <param name="Users">Of every night, each with 30 holdings and 10 criteria.</param>
/// <param name="Pairs">Pairs of nights that count; one more before them compiles.</param>
internal sealed record HashingSettings(int Users, int Pairs, LocalRedisProgram Cache);

/// <summary><c>hashing</c>: what the hash trees cost a night.</summary>
internal static class HashingBenchmarkCommand
{
    public static Command Create()
    {
        var users = BenchmarkCommandLine.Number(
            "--users",
            20_000,
            100,
            1_000_000,
            "Users of a night, each with 30 holdings and 10 criteria."
        );
        var pairs = BenchmarkCommandLine.Number("--pairs", 10, 1, 100, "Pairs of nights, one with hashes and one without.");
        Option<LocalRedisProgram> cache = new("--cache")
        {
            Description = "redis or garnet; the first that is there when left out.",
            DefaultValueFactory = _ => LocalRedisProgram.Any,
        };
        Command command = new(
            "hashing",
            "Processor seconds of Jobs for a night, beside those of a build of the same sources that hashes nothing. Exit code 1 past the limit."
        )
        {
            users,
            pairs,
            cache,
        };
        command.SetAction(
            (parsed, ct) => HashingBenchmark.RunAsync(new(parsed.GetValue(users), parsed.GetValue(pairs), parsed.GetValue(cache)), ct)
        );
        return command;
    }
}
