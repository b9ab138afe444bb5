using System.CommandLine;
using Overnight.Benchmarks.Reporting;

namespace Overnight.Benchmarks.Replay;

/// <param name="Users">Of every night, each with 30 holdings and 10 criteria.</param>
/// <param name="Nights">Revisions of a night, one after another; the second is by rules of another version.</param>
/// <param name="Seed">Of the portfolios, and of what changes between nights.</param>
internal sealed record ReplaySettings(int Users, int Nights, int Seed, LocalRedisProgram Cache)
{
    public const int ShortUsers = 700;
}

/// <summary><c>replay</c>: whether stored calculations, computed again from what was captured, give the stored bytes.</summary>
internal static class ReplayBenchmarkCommand
{
    public static Command Create()
    {
        var users = BenchmarkCommandLine.Number(
            "--users",
            33_400,
            10,
            1_000_000,
            "Users of a night, each with 30 holdings and 10 criteria."
        );
        var nights = BenchmarkCommandLine.Number(
            "--nights",
            3,
            2,
            20,
            "Nights, between which everything changes that they calculate from."
        );
        var seed = BenchmarkCommandLine.Number("--seed", 1, 0, int.MaxValue, "Of the portfolios, and of what changes between nights.");
        Option<bool> brief = new("--short") { Description = $"{ReplaySettings.ShortUsers} users, for a look." };
        Option<LocalRedisProgram> cache = new("--cache")
        {
            Description = "redis or garnet; the first that is there when left out.",
            DefaultValueFactory = _ => LocalRedisProgram.Any,
        };
        Command command = new(
            "replay",
            "Stored calculations of several nights, one by rules of a later version, computed again and compared. Exit code 1 when any differs."
        )
        {
            users,
            nights,
            seed,
            brief,
            cache,
        };
        command.SetAction(
            (parsed, ct) =>
                ReplayBenchmark.RunAsync(
                    new(
                        parsed.GetValue(brief) ? ReplaySettings.ShortUsers : parsed.GetValue(users),
                        parsed.GetValue(nights),
                        parsed.GetValue(seed),
                        parsed.GetValue(cache)
                    ),
                    ct
                )
        );
        return command;
    }
}
