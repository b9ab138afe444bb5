using System.Text;

namespace Overnight.Jobs.Pipeline;

/// <summary>Makes failure messages that every table, JSON document and log can hold.</summary>
internal static class FailureText
{
    /// <summary>In UTF-16 code units.</summary>
    public const int MostLength = 500;

    private const string Cut = "..";

    /// <summary>Cut to its length, on one line; what is no Unicode text becomes U+FFFD.</summary>
    public static string Of(string text)
    {
        if (text.Length <= MostLength && !text.Any(c => char.IsControl(c) || char.IsSurrogate(c)))
            return text;
        StringBuilder clean = new(MostLength);
        foreach (var rune in text.EnumerateRunes())
        {
            if (clean.Length + rune.Utf16SequenceLength > MostLength - Cut.Length)
                return clean.Append(Cut).ToString();
            clean.Append(Rune.IsControl(rune) ? " " : rune.ToString());
        }
        return clean.ToString();
    }

    /// <summary>The type and message of an exception that no check foresaw.</summary>
    public static string Of(Exception exception) => Of($"{exception.GetType().Name}: {exception.Message}");
}
