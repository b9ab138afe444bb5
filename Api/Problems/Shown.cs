namespace Overnight.Api.Problems;

/// <summary>What a client sent, as an error shows it.</summary>
internal static class Shown
{
    private const int Most = 80;

    /// <summary>The text, cut where it is long.</summary>
    public static string Short(string text) => text.Length > Most ? $"{text[..Most]}.." : text;
}
