using System.Globalization;

namespace Overnight.Core;

/// <summary>A number with its noun, for a person: "1 batch", "1,024 batches".</summary>
internal static class Plural
{
    /// <param name="many">The noun of other numbers; with an s when null.</param>
    public static string Of(long number, string one, string? many = null) =>
        string.Create(CultureInfo.InvariantCulture, $"{number:N0} {(number == 1 ? one : many ?? one + "s")}");
}
