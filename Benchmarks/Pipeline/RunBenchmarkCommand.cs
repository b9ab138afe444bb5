using System.CommandLine;
using Overnight.Benchmarks.Reporting;

namespace Overnight.Benchmarks.Pipeline;

/// <param name="Against">The folder of the baseline; null to run without.</param>
/// <param name="Workers">Null for the product's own choice.</param>
/// <param name="Nights">In a row over the same users, by one service.</param>
/// <param name="OldEvents">Events of old nights that are there before the first; 0 for none.</param>
/// <param name="Months">Over how many months those are spread.</param>
/// <param name="IsAudited">Whether the auditor looks at all nights at the end.</param>
internal sealed record RunSettings(
    int Users,
    string? Against,
    int BaselineUsers,
    int? Workers,
    LocalRedisProgram Cache,
    int Nights,
    int OldEvents = 0,
    int Months = 24,
    bool IsAudited = false
);

/// <summary><c>night</c>: a whole night as the product does it.</summary>
internal static class RunBenchmarkCommand
{
    public static Command Create()
    {
        var users = BenchmarkCommandLine.Number(
            "--users",
            100_000,
            1,
            10_000_000,
            "Users, each with 30 holdings and 10 criteria of their own."
        );
        Option<string?> against = new("--against")
        {
            Description = "Folder of the baseline to run just before, on the same servers, and to compare with.",
        };
        var baselineUsers = BenchmarkCommandLine.Number(
            "--baseline-users",
            600,
            10,
            100_000,
            "Users of the baseline; its cost per user does not fall with more."
        );
        Option<int?> workers = new("--workers") { Description = "Batches worked on at once; the product's own choice when left out." };
        Option<LocalRedisProgram> cache = new("--cache")
        {
            Description = "redis or garnet; the first that is there when left out.",
            DefaultValueFactory = _ => LocalRedisProgram.Any,
        };
        var nights = BenchmarkCommandLine.Number(
            "--nights",
            2,
            1,
            100,
            "Nights in a row over the same users, by one service; the figure is the median's of those after the first, in which it compiles its code."
        );
        var oldEvents = BenchmarkCommandLine.Number(
            "--old-events",
            0,
            0,
            100_000_000,
            "Events of old nights to be there before, with results and postings."
        );
        var months = BenchmarkCommandLine.Number("--months", 24, 1, 120, "Monthly partitions that old nights are spread over.");
        Option<bool> audit = new("--audit")
        {
            Description = "Look at all nights with the auditor at the end, not measured; exit code 1 when it finds anything.",
        };
        Command command = new(
            "night",
            "A whole night, from the start of its run to the last cache entry: users per second, time per step, memory."
        )
        {
            users,
            against,
            baselineUsers,
            workers,
            cache,
            nights,
            oldEvents,
            months,
            audit,
        };
        // Old nights are made of random bytes, of which an auditor says that they are no results.
        command.Validators.Add(result =>
        {
            if (result.GetValue(audit) && result.GetValue(oldEvents) > 0)
                result.AddError("--audit and --old-events exclude each other.");
        });
        command.SetAction(
            (parsed, ct) =>
                RunBenchmark.RunAsync(
                    new(
                        parsed.GetValue(users),
                        parsed.GetValue(against),
                        parsed.GetValue(baselineUsers),
                        parsed.GetValue(workers),
                        parsed.GetValue(cache),
                        parsed.GetValue(nights),
                        parsed.GetValue(oldEvents),
                        parsed.GetValue(months),
                        parsed.GetValue(audit)
                    ),
                    ct
                )
        );
        return command;
    }
}
