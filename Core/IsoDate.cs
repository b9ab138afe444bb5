using System.Globalization;

namespace Overnight.Core;

/// <summary>Formats days and times alike in every culture: 2026-11-30, and 2026-11-30T12:00:00.000Z in UTC.</summary>
internal static class IsoDate
{
    public static string Of(DateOnly day) => day.ToString("O", CultureInfo.InvariantCulture);

    public static string Of(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
