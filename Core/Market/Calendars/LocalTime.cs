namespace Overnight.Core.Market.Calendars;

/// <summary>Local times as moments, on the days when clocks are changed as on all others.</summary>
internal static class LocalTime
{
    /// <summary>
    /// A local time that the clocks skip is the moment at which they skip it; one that they show twice is the first of the two,
    /// for early is better than late. Holds for changes of any size at any hour: a midnight that is not there, half an hour, a whole day.
    /// </summary>
    public static DateTimeOffset ToUtc(TimeZoneInfo zone, DateTime local)
    {
        var wall = DateTime.SpecifyKind(local, DateTimeKind.Unspecified);
        while (zone.IsInvalidTime(wall))
            wall = new DateTime(wall.Ticks - wall.Ticks % TimeSpan.TicksPerMinute, DateTimeKind.Unspecified).AddMinutes(1);
        // The greater offset of two is that of the clock before it was put back.
        var offset = zone.IsAmbiguousTime(wall) ? zone.GetAmbiguousTimeOffsets(wall).Max() : zone.GetUtcOffset(wall);
        return new DateTimeOffset(wall, offset).ToUniversalTime();
    }

    public static DateOnly DateIn(TimeZoneInfo zone, DateTimeOffset moment) =>
        DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(moment, zone).DateTime);
}
