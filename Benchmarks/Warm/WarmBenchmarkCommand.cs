using System.CommandLine;
using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;

namespace Overnight.Benchmarks.Warm;

/// <param name="Size">Bytes of a value.</param>
/// <param name="Writers">Callers that write at once, as the workers of a night do.</param>
/// <param name="Rounds">Each measures both sides, one after the other.</param>
/// <param name="Sizes">Further sizes that are measured.</param>
/// <param name="Users">With results and sessions, whom the product's own warmer warms; 0 to leave it out.</param>
/// <param name="Tenants">Whose reference data it warms.</param>
internal sealed record WarmSettings(
    int Entries,
    int Size,
    int Writers,
    int Rounds,
    IReadOnlyList<int> Sizes,
    int Users,
    int Tenants,
    CacheTopology Topology
)
{
    /// <summary>
    /// The same measurement with values of another size: fewer where they are larger, so that they take no more of the server's memory.
    /// </summary>
    public WarmSettings Of(int size) => this with { Size = size, Entries = (int)Math.Min(Entries, (long)Entries * Size / size) };
}

/// <summary>
/// <c>warm</c>: writing entries in bulk, beside what the server's own tool gets out of it; and whole warms, beside their limits.
/// </summary>
internal static class WarmBenchmarkCommand
{
    public static Command Create()
    {
        var entries = BenchmarkCommandLine.Number(
            "--entries",
            200_000,
            1_000,
            10_000_000,
            "Entries of one measurement; fewer where they are larger than --size."
        );
        var size = BenchmarkCommandLine.Number("--size", 2_048, 64, 64 * 1024, "Bytes of an entry's value.");
        var writers = BenchmarkCommandLine.Number(
            "--writers",
            Environment.ProcessorCount + 1,
            1,
            64,
            "Callers that write at once; by default as many as a night has workers."
        );
        var rounds = BenchmarkCommandLine.Number("--rounds", 3, 1, 25, "Measurements of each side, in turn; the figures are medians.");
        Option<int[]> sizes = new("--sizes")
        {
            Description = "Further sizes, in bytes.",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [1_024, 4_096, 12_288],
        };
        sizes.Validators.Add(result =>
        {
            if (
                result.GetValueOrDefault<int[]>() is { } given
                && given.FirstOrDefault(one => one is < 64 or > 64 * 1024) is var bad and not 0
            )
                result.AddError($"--sizes must be from 64 to {64 * 1024}, not {bad}.");
        });
        var users = BenchmarkCommandLine.Number(
            "--users",
            1_000,
            0,
            1_000_000,
            "Users with results and sessions that the product's warmer warms; 0 to measure bulk writing alone."
        );
        var tenants = BenchmarkCommandLine.Number("--tenants", 100, 1, 10_000, "Tenants whose reference data it warms, in three phases.");
        var topology = BenchmarkCommandLine.Topology();
        Command command = new(
            "warm",
            "Entries with a TTL written per second by our bulk writer, beside redis-benchmark with the same command and pipeline 64, beside awaited batches, and, with --topology standalone, on Garnet; "
                + "and warms of sessions, flags, recommendations and reference data by the product's own warmer, beside their limits."
        )
        {
            entries,
            size,
            writers,
            rounds,
            sizes,
            users,
            tenants,
            topology,
        };
        command.SetAction(
            (parsed, ct) =>
                WarmBenchmark.RunAsync(
                    new(
                        parsed.GetValue(entries),
                        parsed.GetValue(size),
                        parsed.GetValue(writers),
                        parsed.GetValue(rounds),
                        parsed.GetValue(sizes)!,
                        parsed.GetValue(users),
                        parsed.GetValue(tenants),
                        parsed.GetValue(topology)
                    ),
                    ct
                )
        );
        return command;
    }
}
