using System.Text;

namespace Overnight.Jobs.Pipeline;

/// <summary>Why something failed, as every table, JSON document and log can hold it.</summary>
internal static class FailureText
{
    /// <summary>Characters; whoever wants more of a stored value looks at the value.</summary>
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

    /// <summary>An exception that no check foresaw.</summary>
    public static string Of(Exception exception) => Of($"{exception.GetType().Name}: {exception.Message}");
}
