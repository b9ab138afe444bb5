using System.Globalization;

namespace Overnight.Core;

/// <summary>Formats a number with its noun, for messages: "1 batch", "1,024 batches".</summary>
internal static class Plural
{
    /// <param name="many">The plural noun; null for the singular with an s.</param>
    public static string Of(long number, string one, string? many = null) =>
        string.Create(CultureInfo.InvariantCulture, $"{number:N0} {(number == 1 ? one : many ?? one + "s")}");
}
