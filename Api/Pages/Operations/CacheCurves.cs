using System.Globalization;
using System.Text;
using Overnight.Api.Admin;

namespace Overnight.Api.Pages.Operations;

/// <summary>Lays out the curves of the cache's last hours in boxes of 1000 x 120.</summary>
internal sealed class CacheCurves(CacheHistory history, OperationsFormats formats)
{
    private const int Width = 1_000,
        Height = 120,
        Listed = 60,
        Ticked = 4;

    /// <summary>Room above the highest value.</summary>
    private const double Top = 6;

    public IReadOnlyList<CurveViewModel> Curves =>
        [
            Curve(
                "hit-rate",
                "Hit rate",
                item => item.HitRate,
                highest: 1,
                value => formats.Percent(value),
                lowest => $"lowest {formats.Percent(lowest)}",
                isLowest: true
            ),
            Curve(
                "reads",
                "Reads a minute",
                item => (double)(item.Hits + item.Misses) / history.StepMinutes,
                highest: null,
                value => formats.Number(value, 0),
                most => $"most {formats.Number(most, 0)}",
                isLowest: false
            ),
            Curve(
                "hit-time",
                "Mean time of a hit",
                item => item.HitMs,
                highest: null,
                value => formats.Duration(value),
                longest => $"longest {formats.Duration(longest)}",
                isLowest: false
            ),
        ];

    public IReadOnlyList<LaneTick> Ticks =>
        [
            .. Enumerable
                .Range(0, Ticked)
                .Select(step => (At: 100d * step / Ticked, Moment: history.From + (step * (history.Until - history.From) / Ticked)))
                .Select(tick => new LaneTick(
                    OperationsFormats.Place(tick.At),
                    tick.Moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
                    tick.Moment.UtcDateTime.ToString("HH:mm", CultureInfo.InvariantCulture)
                )),
        ];

    /// <summary>The latest points, latest first.</summary>
    public IReadOnlyList<MinuteRow> Rows =>
        [
            .. history
                .Items.Reverse()
                .Take(Listed)
                .Select(item => new MinuteRow(
                    formats.Moment(item.At),
                    formats.Count(item.Hits),
                    formats.Count(item.Misses),
                    formats.Percent(item.HitRate),
                    item.HitMs is { } ms ? formats.Duration(ms) : "none",
                    formats.Count(item.Sets),
                    formats.Count(item.Errors)
                )),
        ];

    private CurveViewModel Curve(
        string id,
        string title,
        Func<CacheMinute, double?> of,
        double? highest,
        Func<double, string> show,
        Func<double, string> extreme,
        bool isLowest
    )
    {
        var points = history.Items.Where(item => of(item) is not null).Select(item => (item.At, Value: of(item)!.Value)).ToList();
        if (points.Count == 0)
            return new(id, title, "none", "nothing was asked of the cache", null, $"{title}: nothing was asked of the cache", "", "");
        var (at, value) = isLowest ? points.MinBy(point => point.Value) : points.MaxBy(point => point.Value);
        var scale = highest ?? Math.Max(points.Max(point => point.Value), double.Epsilon);
        var said = extreme(value);
        var latest = show(points[^1].Value);
        var (line, area) = Draw(points, scale);
        return new(id, title, latest, $"{said},", formats.Moment(at), $"{title}: {latest} at last, {said}", line, area);
    }

    private (string Line, string Area) Draw(List<(DateTimeOffset At, double Value)> points, double scale)
    {
        StringBuilder line = new();
        StringBuilder area = new();
        var step = TimeSpan.FromMinutes(history.StepMinutes);
        for (var i = 0; i < points.Count; )
        {
            // Where nothing was asked of the cache there is no line. A single point is drawn as long as it lasted.
            var begin = X(points[i].At);
            line.Append('M').Append(begin).Append(' ').Append(Y(points[i].Value, scale));
            area.Append('M')
                .Append(begin)
                .Append(' ')
                .Append(Height)
                .Append('L')
                .Append(begin)
                .Append(' ')
                .Append(Y(points[i].Value, scale));
            var last = i;
            for (i++; i < points.Count && points[i].At - points[i - 1].At <= step * 1.5; last = i++)
            {
                line.Append('L').Append(X(points[i].At)).Append(' ').Append(Y(points[i].Value, scale));
                area.Append('L').Append(X(points[i].At)).Append(' ').Append(Y(points[i].Value, scale));
            }
            var end = X(points[last].At + step);
            line.Append('L').Append(end).Append(' ').Append(Y(points[last].Value, scale));
            area.Append('L')
                .Append(end)
                .Append(' ')
                .Append(Y(points[last].Value, scale))
                .Append('L')
                .Append(end)
                .Append(' ')
                .Append(Height)
                .Append('Z');
        }
        return (line.ToString(), area.ToString());
    }

    private string X(DateTimeOffset at) => Place(Math.Clamp(Width * ((at - history.From) / (history.Until - history.From)), 0, Width));

    private static string Y(double value, double scale) => Place(Height - ((Height - Top) * value / scale));

    private static string Place(double value) => Math.Round(value, 1).ToString(CultureInfo.InvariantCulture);
}
