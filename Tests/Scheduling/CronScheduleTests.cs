using Overnight.Core.Market.Calendars;

namespace Overnight.Tests.Scheduling;

public sealed class CronScheduleTests
{
    private static readonly DateTimeOffset Saturday = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("30 11 * * 1-5", "2026-11-23T11:30")]
    [InlineData("0 3 * * 0", "2026-11-22T03:00")]
    [InlineData("0 3 * * 7", "2026-11-22T03:00")]
    [InlineData("0 3 * * sun", "2026-11-22T03:00")]
    [InlineData(" 0\t3  * * 1-5 ", "2026-11-23T03:00")]
    [InlineData("0 3 * * 6-1", "2026-11-22T03:00")]
    [InlineData("0 3 L * *", "2026-11-30T03:00")]
    [InlineData("0 3 29 2 *", "2028-02-29T03:00")]
    [InlineData("*/15 * * * *", "2026-11-21T12:15")]
    [InlineData("0 0 1 * *", "2026-12-01T00:00")]
    [InlineData("15 10 * * MON,WED", "2026-11-23T10:15")]
    [InlineData("15 10 * * 1,3", "2026-11-23T10:15")]
    public void Next_UnixExpression_FiresInUtc(string cron, string expected) =>
        Assert.Equal(DateTimeOffset.Parse(expected + ":00Z"), CronSchedule.Parse(cron).Next(Saturday));

    [Theory]
    [InlineData("", "has 0 fields")]
    [InlineData("* * * *", "has 4 fields")]
    [InlineData("0 30 11 * * 1-5", "has 6 fields")]
    [InlineData("@daily", "has 1 fields")]
    [InlineData("61 * * * *", "Minutes: Value must be a number between 0 and 59")]
    [InlineData("0 3 1 * 1", "names days of the month and days of the week")]
    [InlineData("0 3 1-31 * */2", "names days of the month and days of the week")]
    [InlineData("0 3 * * 8", "Days of week: Value must be a number between 0 and 7")]
    [InlineData("0 3 * * MOON", "Days of week")]
    [InlineData("0 3 * * 5#6", "Days of week")]
    [InlineData("? 3 * * *", "has a '?'")]
    [InlineData("H 3 * * *", "is no cron expression")]
    [InlineData("0 3 31 2,4 *", "never occurs")]
    public void Parse_NotFiveGoodFields_HasTheTextAndWhatIsWrong(string cron, string why)
    {
        var message = Assert.Throws<FormatException>(() => CronSchedule.Parse(cron)).Message;

        Assert.StartsWith($"'{cron}'", message, StringComparison.Ordinal);
        Assert.Contains(why, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("30 7 * * 1-5", "2026-11-20T14:30Z", "2026-11-23T14:30Z", "2026-11-23T12:30Z")]
    [InlineData("* * * * *", "2026-11-20T14:30Z", "2026-11-23T14:30Z", "2026-11-23T14:29Z")]
    [InlineData("0 20 * * 1-5", "2026-11-20T14:30Z", "2026-11-23T14:30Z", "2026-11-21T01:00Z")] // Friday evening for Monday
    [InlineData("0 3 1 * *", "2026-11-20T14:30Z", "2026-11-23T14:30Z", null)]
    [InlineData("30 2 * * *", "2026-03-07T14:30Z", "2026-03-08T13:30Z", "2026-03-08T07:00Z")] // 02:30 is skipped: when the clocks skip it
    [InlineData("30 1 * * *", "2026-10-31T13:30Z", "2026-11-01T14:30Z", "2026-11-01T05:30Z")] // 01:30 comes twice: the first
    public void Last_BetweenTwoMoments_IsReadOnTheZonesClocks(string cron, string after, string before, string? expected) =>
        Assert.Equal(
            expected is null ? null : DateTimeOffset.Parse(expected),
            CronSchedule
                .Parse(cron)
                .Last(TimeZoneInfo.FindSystemTimeZoneById("America/New_York"), DateTimeOffset.Parse(after), DateTimeOffset.Parse(before))
        );
}
