namespace Overnight.Core.Market.Calendars;

/// <summary>Converts local times to moments, also on days when clocks are changed.</summary>
internal static class LocalTime
{
    /// <summary>
    /// A local time that the clocks skip is the moment of the change; one that they show twice is the first of the two, because early is
    /// better than late for a schedule. It holds for changes of any size at any hour: a missing midnight, half an hour, a whole day.
    /// </summary>
    public static DateTimeOffset ToUtc(TimeZoneInfo zone, DateTime local)
    {
        var wall = DateTime.SpecifyKind(local, DateTimeKind.Unspecified);
        while (zone.IsInvalidTime(wall))
            wall = new DateTime(wall.Ticks - wall.Ticks % TimeSpan.TicksPerMinute, DateTimeKind.Unspecified).AddMinutes(1);
        // The greater of the two offsets is the one before the clock is put back.
        var offset = zone.IsAmbiguousTime(wall) ? zone.GetAmbiguousTimeOffsets(wall).Max() : zone.GetUtcOffset(wall);
        return new DateTimeOffset(wall, offset).ToUniversalTime();
    }

    public static DateOnly DateIn(TimeZoneInfo zone, DateTimeOffset moment) =>
        DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(moment, zone).DateTime);
}
