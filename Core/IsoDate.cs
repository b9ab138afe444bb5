using System.Globalization;

namespace Overnight.Core;

/// <summary>Formats days in logs and messages as 2026-11-30; the invariant culture's own format is 11/30/2026.</summary>
internal static class IsoDate
{
    public static string Of(DateOnly day) => day.ToString("O", CultureInfo.InvariantCulture);
}
