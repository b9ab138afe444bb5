namespace Overnight.Api.Problems;

/// <summary>Shortens values that a client sent for error messages.</summary>
internal static class DisplayText
{
    private const int Most = 80;

    /// <summary>The text, cut after the largest number of characters that a message shows.</summary>
    public static string Short(string text) => text.Length > Most ? $"{text[..Most]}.." : text;
}
