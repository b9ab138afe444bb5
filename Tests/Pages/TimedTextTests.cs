using System.Globalization;
using Overnight.Api.Pages.Operations;

namespace Overnight.Tests.Pages;

/// <summary>SPEC P: sentences of commands on a page, whose times have the form that all times of the page have.</summary>
public sealed class TimedTextTests
{
    private readonly OperationsFormats _formats = new(new(CultureInfo.GetCultureInfo("de-DE")));

    [Fact]
    public void Sentence_WithADateAndAMoment_HasBothInTheFormOfThePage()
    {
        var sentence = _formats.Sentence("The night of TSE for 2026-11-20 is missed; its deadline is 2026-11-19 23:30Z.");

        Assert.Equal(
            "The night of TSE for 20.11.2026 is missed; its deadline is 19.11.2026, 23:30 UTC.",
            $"{sentence}".Replace('\u00A0', ' ')
        );
        Assert.Equal("2026-11-19T23:30:00Z", sentence.Parts[0].Moment?.Iso);
    }

    /// <summary>A date in a name or in a command to be typed is read by programs.</summary>
    [Fact]
    public void Date_OfANameOrACommand_StaysAsItIs()
    {
        const string named = "Webhook ops was not told night.late of night/XETRA/2026-11-20: the target answered 503";
        const string command = "It never began. Run it here: jobs run --market TSE --date 2026-11-20";

        Assert.Equal((named, command), ($"{_formats.Sentence(named)}", $"{_formats.Advice(command)}"));
    }

    [Fact]
    public void Midnight_IsATimeOfWhatHappens_AndADayOfWhatDataIsOf()
    {
        DateTimeOffset midnight = new(2026, 11, 23, 0, 0, 0, TimeSpan.Zero);

        Assert.Equal("23.11.2026, 00:00 UTC", _formats.Moment(midnight).Text.Replace('\u00A0', ' '));
        Assert.Equal((false, "23.11.2026"), (_formats.AsOf(midnight)!.HasTime, _formats.AsOf(midnight)!.Text));
    }
}
