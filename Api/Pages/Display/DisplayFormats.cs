using System.Globalization;
using System.Text.RegularExpressions;

namespace Overnight.Api.Pages.Display;

/// <summary>
/// Writes numbers and times for a reader: the words are English, the forms are those of the reader's culture. Decimals stay decimals.
/// </summary>
/// <param name="culture">Null for the international forms: a comma between thousands, a decimal point, and ISO 8601 dates.</param>
internal sealed partial class DisplayFormats(CultureInfo? culture)
{
    /// <summary>Keeps a number and its unit on one line.</summary>
    private const char NoBreak = '\u00A0';

    private readonly CultureInfo _culture = culture is null ? CultureInfo.InvariantCulture : WithGregorianDates(culture);
    private readonly string _date = culture is null ? "yyyy-MM-dd" : "d",
        _time = culture is null ? "HH:mm" : "t";

    public static readonly DisplayFormats International = new(null);

    /// <summary>The culture's name; empty for the international forms.</summary>
    public string Name => _culture.Name;

    /// <param name="decimals">0 to 4; a longer fraction is rounded half away from zero.</param>
    public string Number(decimal value, int decimals) =>
        Math.Round(value, decimals, MidpointRounding.AwayFromZero).ToString(Patterns[decimals], _culture);

    /// <summary>With all its decimals.</summary>
    public string Exact(decimal value) => value.ToString("#,0.############################", _culture);

    /// <summary>As a field of a form has it: all decimals, nothing between thousands, which <see cref="TryRead"/> reads back.</summary>
    public string Field(decimal value) => value.ToString("0.############################", _culture);

    /// <summary>
    /// Reads what a person wrote. A sign between thousands is refused, because it is the decimal sign of other cultures.
    /// </summary>
    public bool TryRead(string text, out decimal value) =>
        decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | SpacesAround, _culture, out value);

    private const NumberStyles SpacesAround = NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite;

    /// <summary>With its sign also when it is positive.</summary>
    public string Signed(decimal value, int decimals)
    {
        var text = Number(value, decimals);
        return Math.Round(value, decimals, MidpointRounding.AwayFromZero) > 0 ? _culture.NumberFormat.PositiveSign + text : text;
    }

    public string Percent(decimal value, int decimals = 1) => $"{Number(value, decimals)}{NoBreak}%";

    /// <summary>With all its decimals.</summary>
    public string ExactPercent(decimal value) => $"{Exact(value)}{NoBreak}%";

    public string Amount(decimal value, int decimals, string currency) => $"{Number(value, decimals)}{NoBreak}{currency}";

    public string Date(DateTimeOffset moment) => moment.ToString(_date, _culture);

    public string Time(DateTimeOffset moment) => moment.ToString(_time, _culture);

    public string Moment(DateTimeOffset moment) => $"{Date(moment)}, {Time(moment)}{NoBreak}UTC";

    /// <summary>A sentence with the ISO dates in it written as the culture does.</summary>
    public string Sentence(string sentence) =>
        culture is null
            ? sentence
            : IsoDate()
                .Replace(sentence, match =>
                    DateOnly.TryParseExact(match.ValueSpan, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
                        ? date.ToString(_date, _culture)
                        : match.Value
                );

    /// <summary>The fewest of 0, 2 and 4 decimals that show every value as it is.</summary>
    public static int Decimals(IEnumerable<decimal> values)
    {
        var decimals = 0;
        foreach (var value in values)
        {
            if (decimal.Round(value, 2, MidpointRounding.ToZero) != value)
                return 4;
            if (decimal.Truncate(value) != value)
                decimals = 2;
        }
        return decimals;
    }

    private static readonly string[] Patterns = ["N0", "N1", "N2", "N3", "N4"];

    /// <summary>Dates of other calendars would not be found again in anything else that shows them, such as the CSV.</summary>
    private static CultureInfo WithGregorianDates(CultureInfo culture)
    {
        if (culture.Calendar is GregorianCalendar)
            return culture;
        var gregorian = culture.OptionalCalendars.OfType<GregorianCalendar>().FirstOrDefault();
        var changed = (CultureInfo)culture.Clone();
        if (gregorian is not null)
            changed.DateTimeFormat.Calendar = gregorian;
        else
            changed.DateTimeFormat = CultureInfo.InvariantCulture.DateTimeFormat;
        return changed;
    }

    // A date within a name, such as night/XETRA/2026-11-20, is a part of the name.
    [GeneratedRegex(@"(?<![\w/-])\d{4}-\d{2}-\d{2}(?![\w/-])")]
    private static partial Regex IsoDate();
}
