using System.CommandLine;
using Overnight.Benchmarks.Reporting;

namespace Overnight.Benchmarks.Warm;

/// <param name="Size">Bytes of a value.</param>
/// <param name="Writers">Callers that write at once, as the workers of a night do.</param>
/// <param name="Rounds">Each measures both sides, one after the other.</param>
internal sealed record WarmSettings(int Entries, int Size, int Writers, int Rounds);

/// <summary><c>warm</c>: writing entries in bulk, beside what the server's own tool gets out of it.</summary>
internal static class WarmCommand
{
    public static Command Create()
    {
        var entries = BenchmarkCommandLine.Number("--entries", 200_000, 1_000, 10_000_000, "Entries of one measurement.");
        var size = BenchmarkCommandLine.Number("--size", 2_048, 64, 64 * 1024, "Bytes of an entry's value.");
        var writers = BenchmarkCommandLine.Number("--writers", Environment.ProcessorCount + 1, 1, 64, "Callers that write at once; by default as many as a night has workers.");
        var rounds = BenchmarkCommandLine.Number("--rounds", 3, 1, 25, "Measurements of each side, in turn; the figures are medians.");
        Command command = new("warm", "Entries with a TTL written per second by our bulk writer, beside redis-benchmark with the same command and pipeline 64; and on Garnet.") { entries, size, writers, rounds };
        command.SetAction((parsed, ct) => WarmBenchmark.RunAsync(new(parsed.GetValue(entries), parsed.GetValue(size), parsed.GetValue(writers), parsed.GetValue(rounds)), ct));
        return command;
    }
}
