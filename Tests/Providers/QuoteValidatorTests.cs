using Overnight.Core.Market;
using Overnight.Core.Runs;
using Overnight.Jobs.Providers;

namespace Overnight.Tests.Providers;

/// <summary>SPEC A9: a number that is not believed is refused, with the reason, and never used.</summary>
public sealed class QuoteValidatorTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);
    private static readonly FeedOptions Options = new() { MaxMove = 0.25m, MaxRefusedShare = 0.5m };

    [Theory]
    [InlineData("0", "zero")]
    [InlineData("0.000", "zero")]
    [InlineData("-1.1", "negative")]
    [InlineData("NaN", "not_a_number")]
    [InlineData("Infinity", "not_a_number")]
    [InlineData("1,1", "not_a_number")]
    [InlineData("", "not_a_number")]
    [InlineData("1e300", "not_a_number")]
    [InlineData("1100", "moved")]
    [InlineData("0.0011", "moved")]
    [InlineData("1.3751", "moved")]
    [InlineData("0.8799", "moved")]
    [InlineData("1.375", null)]
    [InlineData("0.88", null)]
    [InlineData("1.1E0", null)]
    public void Value_AgainstLastOfOnePointOne_IsRefusedWithReason(string text, string? reason)
    {
        var answer = Check([new("BAD", text, Now), new("GOOD", "2", Now)], new(1.1m, Now.AddDays(-1)));

        Assert.Equal(reason, answer.Refusals.SingleOrDefault()?.Reason);
        Assert.Equal(reason is null, answer.Values.ContainsKey("BAD"));
        Assert.Equal(2, answer.Values["GOOD"].Value);
    }

    [Theory]
    [InlineData(-8, "outdated")]
    [InlineData(-7, null)]
    [InlineData(1, null)]
    [InlineData(2, "future")]
    public void Value_OfAnotherDay_IsRefusedBeyondTheBounds(int days, string? reason) =>
        Assert.Equal(reason, Check([new("BAD", "1", Now.AddDays(days)), new("GOOD", "2", Now)], null).Refusals.SingleOrDefault()?.Reason);

    [Fact]
    public void Move_AfterManyDays_HasMoreRoom()
    {
        // Four days: twice the room of one.
        Assert.Empty(Check([new("BAD", "1.5", Now)], new(1, Now.AddDays(-4))).Refusals);
        Assert.Throws<ProviderException>(() => Check([new("BAD", "1.51", Now)], new(1, Now.AddDays(-4))));
    }

    [Fact]
    public void Key_SentTwice_IsUsedNever()
    {
        var answer = Check([new("BAD", "1", Now), new("BAD", "1", Now), new("BAD", "1", Now), new("GOOD", "2", Now)], null);

        Assert.Equal([new Refusal("BAD", "twice", null)], answer.Refusals);
        Assert.Equal(["GOOD"], answer.Values.Keys);
    }

    [Fact]
    public void Key_NotSent_IsNamedAndDoesNotCountAgainstTheRest()
    {
        var answer = Check([new("GOOD", "2", Now), new("NULL", null, Now)], null, ["GOOD", "NULL", "ABSENT"]);

        Assert.Equal([("NULL", "missing"), ("ABSENT", "missing")], answer.Refusals.Select(r => (r.Key, r.Reason)));
    }

    [Fact]
    public void Answer_WithMoreRefusedThanTheShare_IsNotBelievedAtAll()
    {
        FetchedValue<string>[] values = [new("A", "0", Now), new("B", "-1", Now), new("C", "1", Now)];

        var failure = Assert.Throws<ProviderException>(() => Check(values, null));

        Assert.Equal(ProviderFault.NotBelieved, failure.Reason);
        Assert.Equal(["zero", "negative"], failure.Refusals.Select(r => r.Reason));
    }

    [Fact]
    public void Answer_WithoutAnyValue_IsEmpty() =>
        Assert.Equal(ProviderFault.Empty, Assert.Throws<ProviderException>(() => Check([new("A", null, Now)], null)).Reason);

    private static ValidatedQuotes<string> Check(FetchedValue<string>[] values, LastValue? last, params string[] wanted) =>
        new QuoteValidator(Options, Now, 1_000_000m).Check(values, key => key, key => key is "BAD" ? last : null, wanted);
}
