using System.Globalization;

namespace Overnight.Core;

/// <summary>Days as logs and messages show them, 2026-11-30: the invariant culture has them as in the United States.</summary>
internal static class Iso
{
    public static string Of(DateOnly day) => day.ToString("O", CultureInfo.InvariantCulture);
}
