using System.Diagnostics;
using Overnight.Benchmarks.Load;

namespace Overnight.Benchmarks.Recovery;

/// <summary>What readers saw of one recovery, and what PostgreSQL was asked.</summary>
/// <param name="Reads">Sent in the window; those that were answered otherwise than with 2xx are <see cref="Errors"/>.</param>
/// <param name="BackSeconds">From the stop of the cache server until the hit rate was back; null when it never was.</param>
/// <param name="HitRate">Of the whole window, from 0 to 1.</param>
/// <param name="Queries">In the window.</param>
/// <param name="QueriesBefore">As many seconds with a full cache would have asked.</param>
/// <param name="P99Ms">In the window.</param>
internal sealed record RecoveryFigures(
    int Reads,
    int Errors,
    string? FirstError,
    double? BackSeconds,
    double HitRate,
    long Queries,
    double QueriesBefore,
    double P99Ms
)
{
    /// <summary>
    /// Back is a hit rate over this (issue 4), and for so many seconds in a row, so that a lucky second is not taken for it.
    /// </summary>
    public const double Back = 0.95;

    private const int SecondsInARow = 3;

    /// <summary>Of a second: when it was back is told to a window of 100 ms.</summary>
    private const int Windows = 10;

    /// <param name="stopped">When the cache server was told to stop, as <see cref="Stopwatch"/> has it.</param>
    public static RecoveryFigures Of(IEnumerable<PacedAnswer> answers, long stopped, int seconds, long queries, double queriesBefore)
    {
        var window = answers.Where(answer => answer.Sent >= stopped && Since(answer) < seconds).ToArray();
        var byWindow = window.ToLookup(answer => (int)(Windows * Since(answer)));
        var back = Enumerable
            .Range(0, Math.Max(0, Windows * (seconds - SecondsInARow) + 1))
            .Where(IsBackFrom)
            .Select(start => (double?)start / Windows)
            .FirstOrDefault();
        var errors = window.Where(answer => answer.Error is not null).ToArray();
        return new(
            window.Length,
            errors.Length,
            errors.FirstOrDefault().Error,
            back,
            window.HitRate(),
            queries,
            queriesBefore,
            window.Percentile(0.99)
        );

        double Since(PacedAnswer answer) => Stopwatch.GetElapsedTime(stopped, answer.Sent).TotalSeconds;

        // In its first window, too, or the misses of the last window before would count as the beginning of a good second.
        bool IsBackFrom(int start) =>
            Rate(start, 1) >= Back && Enumerable.Range(0, SecondsInARow).All(second => Rate(start + second * Windows, Windows) >= Back);
        double Rate(int start, int count) => Enumerable.Range(start, count).SelectMany(one => byWindow[one]).ToArray().HitRate();
    }
}
