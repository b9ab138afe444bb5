using System.CommandLine;
using Overnight.Benchmarks.Reporting;

namespace Overnight.Benchmarks.Audit;

/// <param name="Events">Old events there shall be, about.</param>
/// <param name="Months">Over how many monthly partitions.</param>
/// <param name="Repeats">How often each page is asked for.</param>
internal sealed record AuditSettings(int Events, int Months, int Repeats, LocalRedisProgram Cache);

/// <summary><c>audit</c>: how long the first page of each audit query takes over years of history.</summary>
internal static class AuditBenchmarkCommand
{
    public static Command Create()
    {
        var events = BenchmarkCommandLine.Number(
            "--events",
            10_000_000,
            1_000,
            100_000_000,
            "Events of old nights, with the results and postings that go with them."
        );
        var months = BenchmarkCommandLine.Number("--months", 24, 1, 120, "Monthly partitions they are spread over.");
        var repeats = BenchmarkCommandLine.Number(
            "--repeats",
            20,
            1,
            1_000,
            "Requests per query; the figures are their median and their maximum."
        );
        Option<LocalRedisProgram> cache = new("--cache")
        {
            Description = "redis or garnet; the first that is there when left out.",
            DefaultValueFactory = _ => LocalRedisProgram.Any,
        };
        Command command = new("audit", "The first page of each audit query, through HTTP, over months of old nights: milliseconds.")
        {
            events,
            months,
            repeats,
            cache,
        };
        command.SetAction(
            (parsed, ct) =>
                AuditBenchmark.RunAsync(
                    new(parsed.GetValue(events), parsed.GetValue(months), parsed.GetValue(repeats), parsed.GetValue(cache)),
                    ct
                )
        );
        return command;
    }
}
