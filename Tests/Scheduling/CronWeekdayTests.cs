using System.Globalization;
using System.Text.RegularExpressions;
using Overnight.Core.Market.Calendars;
using Overnight.Tests.Harness;
using static Overnight.Tests.Scheduling.TestMarkets;

namespace Overnight.Tests.Scheduling;

/// <summary>SPEC A1: days of the week of a market's cron, over New York's March of 2027, whose 26th is Good Friday.</summary>
public sealed partial class CronWeekdayTests
{
    private const string EveryDay = "1 2 3 4 5 8 9 10 11 12 15 16 17 18 19 22 23 24 25 29 30 31";

    [Theory]
    [InlineData("0 7 * * 0-7", EveryDay)]
    [InlineData("00 07 * * 01-05", EveryDay)]
    [InlineData("0 7 * * 5L", "26")]
    [InlineData("0 7 * * 5#2", "12")]
    [InlineData("0 7 * * 7L", "28 28")] // the first is of February, for March 1
    [InlineData("0 7 * * 0L", "28 28")]
    [InlineData("0 7 * * 7#2", "14")]
    [InlineData("0 7 * * 0-7/2", "28 2 4 7 9 11 14 16 18 21 23 25 28 30")]
    [InlineData("0 7 * * 05", "5 12 19 26")]
    [InlineData("0 7 * * 6-1", "1 8 15 22 29")]
    public void Nights_OfACron_AreOnTheDaysItNames(string cron, string days) =>
        Assert.Equal(days, string.Join(' ', Nights(cron).Select(night => night.Day)));

    [Fact]
    public void Nights_OfTheWorkedCases_AreAsTheySay()
    {
        var lines = File.ReadAllLines(SharedData.Require("cases", "cron-weekdays", "expressions.txt"));

        Assert.All(lines, line =>
        {
            var (cron, right) = line.Split('\t') is [var first, var second, ..] ? (first, second) : throw new FormatException(line);
            var nights = Nights(cron);
            if (Count().Match(right) is { Success: true } count)
                Assert.Equal(int.Parse(count.Groups[1].Value, CultureInfo.InvariantCulture), nights.Count);
            else if (OneDay().Match(right) is { Success: true } day)
                Assert.Equal(
                    day.Value,
                    Assert.Single(nights, night => night.Month == 3).ToString("ddd d MMMM", CultureInfo.InvariantCulture)
                );
            else
                Assert.Equal(right, string.Join(',', Week(cron)));
        });
        Assert.NotEmpty(lines);
    }

    /// <summary>When nights begin, on the market's clocks.</summary>
    private static List<DateTime> Nights(string cron)
    {
        var market = Market("NYSE", ("Cron", cron));
        return
        [
            .. market
                .Days(new(2027, 3, 1), new(2027, 3, 31))
                .Select(day => day.DueUtc)
                .OfType<DateTimeOffset>()
                .Select(due => TimeZoneInfo.ConvertTime(due, market.Zone).DateTime),
        ];
    }

    /// <summary>The days that an expression names in a week from Sunday on.</summary>
    private static IEnumerable<string> Week(string cron)
    {
        DateTimeOffset sunday = new(2027, 3, 7, 0, 0, 0, TimeSpan.Zero);
        var schedule = CronSchedule.Parse(cron);
        for (var next = schedule.Next(sunday); next < sunday.AddDays(7); next = schedule.Next(next.Value))
            yield return next.Value.ToString("ddd", CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"\A(\d+) rings")]
    private static partial Regex Count();

    [GeneratedRegex(@"\A[A-Z][a-z]{2} \d+ [A-Z][a-z]+")]
    private static partial Regex OneDay();
}
