using Overnight.Core.Market;
using Overnight.Core.Runs;

namespace Overnight.Tests.Scheduling;

public sealed class CronScheduleTests
{
    private static readonly DateTimeOffset Saturday = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("30 11 * * 1-5", "2026-11-23T11:30")]
    [InlineData("0 3 * * 0", "2026-11-22T03:00")]
    [InlineData("0 3 * * 7", "2026-11-22T03:00")]
    [InlineData("*/15 * * * *", "2026-11-21T12:15")]
    [InlineData("0 0 1 * *", "2026-12-01T00:00")]
    [InlineData("15 10 * * MON,WED", "2026-11-23T10:15")]
    [InlineData("15 10 * * 1,3", "2026-11-23T10:15")]
    public void Next_UnixExpression_FiresInUtc(string cron, string expected) =>
        Assert.Equal(DateTimeOffset.Parse(expected + ":00Z"), CronSchedule.Parse(cron).Next(Saturday));

    [Theory]
    [InlineData("")]
    [InlineData("* * * *")]
    [InlineData("0 30 11 * * 1-5")]
    [InlineData("61 * * * *")]
    [InlineData("0 3 1 * 1")]
    [InlineData("0 3 * * 8")]
    [InlineData("0 3 * * MOON")]
    public void Parse_NotFiveGoodFields_SaysWhatIsWrong(string cron) =>
        Assert.Contains($"'{cron}'", Assert.Throws<FormatException>(() => CronSchedule.Parse(cron)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("2026-11-20T14:29:00Z", "2026-11-20")]
    [InlineData("2026-11-20T14:30:00Z", "2026-11-23")]
    [InlineData("2026-07-01T13:29:00Z", "2026-07-01")]
    [InlineData("2026-11-22T02:00:00Z", "2026-11-23")]
    public void NextOpen_AroundTheOpen_IsTheDateBeingPrepared(string now, string expected)
    {
        BusinessCalendar newYork = new(TimeZoneInfo.FindSystemTimeZoneById("America/New_York"), new(9, 30));

        Assert.Equal(DateOnly.Parse(expected), newYork.NextOpen(DateTimeOffset.Parse(now)));
    }
}
