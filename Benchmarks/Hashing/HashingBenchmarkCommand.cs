using System.CommandLine;
using Overnight.Benchmarks.Reporting;

namespace Overnight.Benchmarks.Hashing;

/// <param name="Users">Of every night, each with 30 holdings and 10 criteria.</param>
/// <param name="Rounds">Nights that count, each with a pass of its hashes; one more before them compiles.</param>
internal sealed record HashingSettings(int Users, int Rounds, LocalRedisProgram Cache);

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
        var rounds = BenchmarkCommandLine.Number("--rounds", 10, 1, 100, "Nights, each followed by a pass of its hashes alone.");
        Option<LocalRedisProgram> cache = new("--cache")
        {
            Description = "redis or garnet; the first that is there when left out.",
            DefaultValueFactory = _ => LocalRedisProgram.Any,
        };
        Command command = new(
            "hashing",
            "Processor seconds of Jobs for a night, beside those of hashing its leaves and roots alone. Exit code 1 past the limit."
        )
        {
            users,
            rounds,
            cache,
        };
        command.SetAction(
            (parsed, ct) => HashingBenchmark.RunAsync(new(parsed.GetValue(users), parsed.GetValue(rounds), parsed.GetValue(cache)), ct)
        );
        return command;
    }
}
