using System.Globalization;
using Overnight.Api.Pages.Display;

namespace Overnight.Api.Pages.Dashboard;

/// <summary>
/// Lays out the picture of the allocation: per class a line of text, and below it the target range as a band, the share now as a ring
/// and the share after buying as a dot. Places across are percent, so that shapes and letters keep their size at any width.
/// </summary>
internal static class AllocationPicture
{
    /// <summary>Pixels.</summary>
    private const int RowHeight = 46,
        FirstText = 13,
        FromTextToMiddle = 17,
        AxisHeight = 20;

    /// <summary>Letters of a class's name that fit beside its numbers on a page of 360 pixels.</summary>
    private const int LongestLabel = 22;

    private static readonly decimal[] Steps = [1, 2, 5, 10, 20, 25];

    public static AllocationViewModel? Of(ResultDocument result, DisplayFormats formats)
    {
        var classes =
            result.Classes.Count > 0
                ? result.Classes
                : [.. result.Allocations.Select(item => new StoredClass(item.ClassName, item.Current, 0, 0, item.Current))];
        if (classes.Count == 0)
            return null;
        var isWhole = result.Classes.Count > 0;
        var (end, step) = Axis(classes.Max(item => Math.Max(Math.Max(item.Current, item.After), item.TargetMax)));
        List<AllocationRow> rows = [.. classes.Select((item, at) => Row(item, at, isWhole, end, formats))];
        List<AxisTick> ticks = [];
        for (var value = 0m; value <= end; value += step)
            ticks.Add(new(Place(100 * value / end), formats.Number(value, 0)));
        return new(rows, ticks, string.Join(' ', rows.Select(Describe)), rows.Count * RowHeight + AxisHeight, isWhole);
    }

    /// <summary>A place for an SVG attribute, which has a decimal point in every culture.</summary>
    public static string Place(decimal percent) =>
        Math.Round(Math.Clamp(percent, 0, 100), 2, MidpointRounding.AwayFromZero).ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>The axis's end and the distance of its lines: at most five parts, in round numbers.</summary>
    private static (decimal End, decimal Step) Axis(decimal most)
    {
        var step = Steps.FirstOrDefault(step => step * 5 >= most, Steps[^1]);
        var end = step * Math.Max(1, Math.Ceiling(most / step));
        return (end, step);
    }

    private static AllocationRow Row(StoredClass item, int at, bool isWhole, decimal end, DisplayFormats formats)
    {
        var top = at * RowHeight + FirstText;
        var hasBand = isWhole && item.HasTarget;
        return new(
            item.ClassName,
            item.ClassName.Length > LongestLabel ? $"{item.ClassName[..(LongestLabel - 1)].TrimEnd()}…" : item.ClassName,
            formats.Percent(item.Current),
            isWhole ? formats.Percent(item.After) : null,
            hasBand ? $"{formats.Number(item.TargetMin, 1)} to {formats.Percent(item.TargetMax)}" : null,
            !isWhole ? ""
                : item.IsOver ? "over"
                : item.IsUnder ? "under"
                : "",
            top,
            top + FromTextToMiddle,
            Place(100 * item.Current / end),
            isWhole ? Place(100 * item.After / end) : null,
            hasBand ? Place(100 * item.TargetMin / end) : null,
            hasBand ? Place(100 * (item.TargetMax - item.TargetMin) / end) : null
        );
    }

    private static string Describe(AllocationRow row) =>
        row switch
        {
            { After: null } => $"{row.ClassName}: {row.Current}.",
            { Target: null } => $"{row.ClassName}: {row.Current} now, {row.After} after buying, no target.",
            _ => $"{row.ClassName}: {row.Current} now, {row.After} after buying, target {row.Target}.",
        };
}
