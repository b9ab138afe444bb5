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

    /// <param name="stopped">When the cache server was told to stop, as <see cref="Stopwatch"/> has it.</param>
    public static RecoveryFigures Of(IEnumerable<PacedAnswer> answers, long stopped, int seconds, long queries, double queriesBefore)
    {
        var window = answers.Where(answer => answer.Sent >= stopped && Second(answer) < seconds).ToArray();
        var bySecond = window.ToLookup(Second);
        var rates = Enumerable.Range(0, seconds).Select(second => bySecond[second].ToArray().HitRate()).ToArray();
        var back = Enumerable
            .Range(0, Math.Max(0, seconds - SecondsInARow + 1))
            .Where(second => rates.AsSpan(second, SecondsInARow).IndexOfAnyExceptInRange(Back, 1.0) < 0)
            .Select(second => (double?)second)
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

        int Second(PacedAnswer answer) => (int)Stopwatch.GetElapsedTime(stopped, answer.Sent).TotalSeconds;
    }
}
