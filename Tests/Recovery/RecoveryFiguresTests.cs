using System.Diagnostics;
using Overnight.Benchmarks.Load;
using Overnight.Benchmarks.Recovery;

namespace Overnight.Tests.Recovery;

/// <summary>How the benchmark <c>recovery</c> tells when the hit rate is back.</summary>
public sealed class RecoveryFiguresTests
{
    private const long Stopped = 1_000_000;
    private const int Seconds = 10;

    [Fact]
    public void Of_HitsFromSomeTimeOn_IsBackInTheWindowOf100MsAfterIt()
    {
        Assert.Equal(1.4, Of(ms => ms >= 1_340).BackSeconds);
        Assert.Equal(0, Of(_ => true).BackSeconds);
        Assert.Null(Of(_ => false).BackSeconds);
    }

    [Fact]
    public void Of_HitsForLessThanThreeSeconds_IsNotTakenForBack()
    {
        Assert.Equal(5.0, Of(ms => ms is >= 1_000 and < 3_900 or >= 5_000).BackSeconds);
        Assert.Null(Of(ms => ms >= 7_100).BackSeconds);
    }

    [Fact]
    public void Of_AnswersBesideTheWindow_DoNotCount()
    {
        var figures = Of(_ => true);
        Assert.Equal((Seconds * 100, 0, 1.0), (figures.Reads, figures.Errors, figures.HitRate));
    }

    /// <summary>A hundred reads a second, from a second before the stop to a second after the window.</summary>
    private static RecoveryFigures Of(Func<int, bool> isHit) =>
        RecoveryFigures.Of(
            Enumerable
                .Range(-100, (Seconds + 2) * 100)
                .Select(at => 10 * at + 5)
                .Select(ms => new PacedAnswer(ReadKind.Dashboard, Stopped + ms * Stopwatch.Frequency / 1_000, 1, isHit(ms), null)),
            Stopped,
            Seconds,
            queries: 0,
            queriesBefore: 0
        );
}
