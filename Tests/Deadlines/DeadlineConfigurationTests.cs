using Microsoft.Extensions.Options;
using static Overnight.Tests.Scheduling.TestMarkets;

namespace Overnight.Tests.Deadlines;

/// <summary>SPEC A10: a configured deadline that does not lie between trigger and open stops the start.</summary>
public sealed class DeadlineConfigurationTests
{
    [Theory]
    [InlineData(
        "Deadline",
        "06:00",
        null,
        "Markets:NYSE:Deadline must lie between the trigger, which Markets:NYSE:Lead sets to 2026-01-02 07:30, and the "
            + "open at 2026-01-02 09:30; it gives 2026-01-02 06:00, and is '06:00'."
    )]
    [InlineData(
        "Deadline",
        "09:30",
        null,
        "Markets:NYSE:Deadline must lie between the trigger, which Markets:NYSE:Lead sets to 2026-01-02 07:30, and the "
            + "open at 2026-01-02 09:30; it gives 2026-01-01 09:30, and is '09:30'."
    )]
    [InlineData(
        "DeadlineLead",
        "03:00",
        null,
        "Markets:NYSE:DeadlineLead must lie between the trigger, which Markets:NYSE:Lead sets to 2026-01-02 07:30, and "
            + "the open at 2026-01-02 09:30; it gives 2026-01-02 06:30, and is '03:00:00'."
    )]
    [InlineData(
        "Deadline",
        "22:00",
        "0 23 * * *",
        "Markets:NYSE:Deadline must lie between the trigger, which Markets:NYSE:Cron sets to 2026-01-01 23:00, and the "
            + "open at 2026-01-02 09:30; it gives 2026-01-01 22:00, and is '22:00'."
    )]
    [InlineData("Deadline", "9:30", null, "Markets:NYSE:Deadline must be a local time as HH:mm, and is '9:30'.")]
    [InlineData("DeadlineLead", "00:00:30", null, "Markets:NYSE:DeadlineLead must be between 00:01:00 and 1.00:00:00, and is '00:00:30'.")]
    public void Deadline_OutsideOfTriggerAndOpen_IsRefusedWithBothKeysAndTimes(string key, string value, string? cron, string message)
    {
        var exception = Assert.Throws<OptionsValidationException>(() =>
            cron is null ? Market("NYSE", (key, value)) : Market("NYSE", (key, value), ("Cron", cron))
        );
        Assert.Equal(message, Assert.Single(exception.Failures));
    }

    [Fact]
    public void Deadline_InTwoForms_IsRefused() =>
        Assert.Equal(
            ["Markets:NYSE:Deadline must not be given together with DeadlineLead, and is '08:00'."],
            Assert.Throws<OptionsValidationException>(() => Market("NYSE", ("Deadline", "08:00"), ("DeadlineLead", "01:00"))).Failures
        );

    /// <summary>B3 opens at 13:00 on Ash Wednesday, two hours after its trigger; 09:15 is before both.</summary>
    [Fact]
    public void Deadline_OnASpecialDayThatMovesTheTrigger_IsTheMiddle()
    {
        var market = Market("B3", ("Deadline", "09:15"));

        Assert.False(market.Day(new(2027, 2, 9)).IsOpen);
        var day = market.Day(new(2027, 2, 10));
        Assert.Equal((true, day.DueUtc + (day.OpenUtc - day.DueUtc) / 2), (day.IsDeadlineMoved, day.DeadlineUtc));
        Assert.False(market.Day(new(2027, 2, 11)).IsDeadlineMoved);
    }
}
