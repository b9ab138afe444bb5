using System.CommandLine;
using Overnight.Benchmarks.Reporting;
using Overnight.Jobs.Pipeline;

namespace Overnight.Benchmarks.Kill;

/// <param name="Users">Of every night, each with 30 holdings and 10 criteria of their own.</param>
/// <param name="BatchSize">Users per checkpoint: small, so that a night has room for several kills.</param>
/// <param name="Workers">Batches that jobs works on at once: what a kill may cost.</param>
/// <param name="Kills">Of each kind: jobs, cache, PostgreSQL.</param>
/// <param name="Seed">Of the random moments.</param>
/// <param name="Only">What alone is killed; null for all three.</param>
/// <param name="Short">One night a kind, with a kill at each checkpoint and at a random moment.</param>
internal sealed record KillSettings(
    int Users,
    int BatchSize,
    int Workers,
    int Kills,
    int Seed,
    Victim? Only,
    bool Short,
    LocalRedisProgram Cache
)
{
    private const int ShortUsers = 2_000,
        ShortBatchSize = 25,
        ShortWorkers = 3;

    public static KillSettings ForShort(int seed, Victim? only, LocalRedisProgram cache) =>
        new(ShortUsers, ShortBatchSize, ShortWorkers, KillSeries.Places.Length, seed, only, true, cache);

    /// <summary>
    /// Batches to let pass between two kills at least: then what one interrupted is done before the next, and no batch is taken for a
    /// culprit.
    /// </summary>
    public int Gap => Workers + 2;

    /// <summary>Added to the gap at random.</summary>
    public const int Spread = 3;

    /// <summary>How many kills a night has room for, with its last batches left alone.</summary>
    public int KillsPerNight => Math.Max(1, (Users / BatchSize - 2 * Workers) / (Gap + Spread - 1));
}

/// <summary><c>kill</c>: what it costs when a process of the night is killed.</summary>
internal static class KillBenchmarkCommand
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
        var batchSize = BenchmarkCommandLine.Number("--batch", 200, 1, 5_000, "Users per checkpoint.");
        var workers = BenchmarkCommandLine.Number(
            "--workers",
            new RunOptions().Workers,
            1,
            64,
            "Batches worked on at once; the product's own choice when left out."
        );
        var kills = BenchmarkCommandLine.Number("--kills", 60, 1, 10_000, "Kills of each kind: jobs, cache, PostgreSQL.");
        var seed = BenchmarkCommandLine.Number("--seed", 1, 0, int.MaxValue, "Of the random moments: the same seed, the same moments.");
        Option<Victim?> only = new("--only") { Description = "jobs, cache or postgres: kill nothing else." };
        Option<bool> brief = new("--short")
        {
            Description =
                "A small night for each kind, with one kill at each checkpoint and one at a random moment; --users, --batch, --workers and --kills do not count.",
        };
        Option<LocalRedisProgram> cache = new("--cache")
        {
            Description = "redis or garnet; the first that is there when left out.",
            DefaultValueFactory = _ => LocalRedisProgram.Any,
        };
        Command command = new(
            "kill",
            "Nights in which jobs, the cache and PostgreSQL are killed at every checkpoint and at random moments: duplicates, losses, work repeated, time until the night goes on."
        )
        {
            users,
            batchSize,
            workers,
            kills,
            seed,
            only,
            brief,
            cache,
        };
        command.SetAction(
            (parsed, ct) =>
                KillBenchmark.RunAsync(
                    parsed.GetValue(brief)
                        ? KillSettings.ForShort(parsed.GetValue(seed), parsed.GetValue(only), parsed.GetValue(cache))
                        : new(
                            parsed.GetValue(users),
                            parsed.GetValue(batchSize),
                            parsed.GetValue(workers),
                            parsed.GetValue(kills),
                            parsed.GetValue(seed),
                            parsed.GetValue(only),
                            false,
                            parsed.GetValue(cache)
                        ),
                    ct
                )
        );
        return command;
    }
}
