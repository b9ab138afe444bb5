using Overnight.Core.Market.Calendars;

namespace Overnight.Tests.Scheduling;

public sealed class DayPatternTests
{
    [Theory]
    [InlineData("2026-11-24", 2026, "2026-11-24")]
    [InlineData("2026-11-24", 2027, null)]
    [InlineData("11-24", 2031, "2031-11-24")]
    [InlineData("02-29", 2028, "2028-02-29")]
    [InlineData("02-29", 2027, null)]
    [InlineData("02-28", 2027, "2027-02-28")]
    [InlineData("easter", 2027, "2027-03-28")]
    [InlineData("Easter-2", 2027, "2027-03-26")]
    [InlineData("EASTER+1", 2027, "2027-03-29")]
    [InlineData("easter-80", 2027, "2027-01-07")]
    [InlineData("easter+240", 2027, "2027-11-23")]
    public void In_AYear_IsTheDate(string text, int year, string? date) =>
        Assert.Equal(date is null ? null : DateOnly.Parse(date), DayPattern.Parse(text)!.Value.In(year));

    [Theory]
    [InlineData("")]
    [InlineData("2026-02-30")]
    [InlineData("2026-2-3")]
    [InlineData("02-30")]
    [InlineData("2-3")]
    [InlineData("02-03 ")]
    [InlineData("east")]
    [InlineData("easter1")]
    [InlineData("easter +1")]
    [InlineData("easter+")]
    [InlineData("easter-x")]
    [InlineData("easter-81")]
    [InlineData("easter+241")]
    [InlineData("whitsun+1")]
    public void Parse_WhatIsNone_IsNull(string text) => Assert.Null(DayPattern.Parse(text));
}
