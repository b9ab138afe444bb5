using System.Globalization;
using System.Text.RegularExpressions;
using Overnight.Api.Pages.Dashboard;
using Overnight.Api.Pages.Display;

namespace Overnight.Api.Pages.Layout;

/// <summary>A text with moments in it, which a page shows in the one form that all its moments have.</summary>
/// <param name="Parts">Words, and the moment that follows them; null where none does.</param>
public sealed partial record TimedText(IReadOnlyList<(string Words, MomentViewModel? Moment)> Parts)
{
    public static implicit operator TimedText(string words) => new([(words, null)]);

    public static implicit operator TimedText(MomentViewModel moment) => new([("", moment)]);

    /// <summary>A sentence of a command or of the API, whose moments end in <c>Z</c>.</summary>
    /// <param name="hasDates">Whether its ISO dates are for people too, and not for a command to be typed.</param>
    internal static TimedText Of(string sentence, DisplayFormats formats, bool hasDates = true)
    {
        List<(string, MomentViewModel?)> parts = [];
        var at = 0;
        foreach (Match match in UtcMoment().Matches(sentence))
        {
            if (!DateTimeOffset.TryParse(match.ValueSpan, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment))
                continue;
            parts.Add((Words(at..match.Index), MomentViewModel.Of(moment, formats)));
            at = match.Index + match.Length;
        }
        parts.Add((Words(at..), null));
        return new(parts);

        string Words(Range range) => hasDates ? formats.Sentence(sentence[range]) : sentence[range];
    }

    /// <summary>As the page is without its script.</summary>
    public override string ToString() => string.Concat(Parts.Select(part => part.Words + part.Moment?.Text));

    [GeneratedRegex(@"\b\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?Z", RegexOptions.ExplicitCapture)]
    private static partial Regex UtcMoment();
}
