using System.Text;
using System.Text.Json;
using Overnight.Core.Scoring;
using Overnight.Jobs.Demo;

namespace Overnight.Tests.Demo;

public sealed class DemoGeneratorTests
{
    private static readonly DemoMarket Market = new(
        Enumerable.Range(1, 120).Select(i => new DemoAsset(DemoIds.Asset(9, i), $"S{i:D3}", Priced: i % 10 != 0)),
        new Dictionary<string, decimal> { ["EUR"] = 0.88m, ["JPY"] = 150 },
        ["pe_ratio", "dividend_yield", "market_cap"]
    );

    [Fact]
    public void User_MadeAgainInAnotherOrder_IsTheSame()
    {
        DemoGenerator one = new(new(), Market),
            other = new(new(), Market);
        var forward = Enumerable.Range(1, 50).Select(n => Text(one.Make(n))).ToArray();
        var backward = Enumerable.Range(1, 50).Reverse().Select(n => Text(other.Make(n))).Reverse().ToArray();

        Assert.Equal(forward, backward);
        Assert.Equal(50, forward.Distinct().Count());
    }

    [Fact]
    public void User_OfAnotherSeed_IsAnother()
    {
        var one = new DemoGenerator(new() { Seed = 1 }, Market).Make(7);
        var other = new DemoGenerator(new() { Seed = 2 }, Market).Make(7);

        Assert.NotEqual(one.Id, other.Id);
        Assert.NotEqual(one.Rules, other.Rules);
        Assert.Equal(one.Email, other.Email);
    }

    [Fact]
    public void User_OfAKnownSeed_NeverChanges()
    {
        // Seeding more users later relies on it: the ones there must be the ones that would be made.
        Assert.Equal(new("019b76da-a801-7a80-be20-bb5274d9d1a7"), DemoIds.User(1, 1));
    }

    [Fact]
    public void Users_Made_CanAllBeComputed()
    {
        DemoGenerator generator = new(new(), Market);
        var priced = Market.Assets.Where(a => a.Priced).Select(a => a.Id).ToHashSet();
        List<Criterion> criteria = [];
        foreach (var user in Enumerable.Range(1, 500).Select(generator.Make))
        {
            CriteriaParser.Read(Encoding.UTF8.GetBytes(user.Rules), criteria);
            Assert.InRange(criteria.Count, 5, 15);
            Assert.Equal(user.CriteriaCount, criteria.Count);
            Assert.InRange(user.Holdings.Length, 10, 50);
            Assert.Equal(user.Holdings.Length, user.Holdings.Select(h => h.AssetId).Distinct().Count());
            Assert.Contains(user.Holdings, h => priced.Contains(h.AssetId) && !h.Ignored && h.Quantity > 0);
            Assert.All(user.Holdings, h => Assert.InRange(h.Class ?? 0, 0, user.Classes.Length - 1));
            Assert.InRange(user.Classes.Length, 3, 6);
            Assert.All(user.Classes, c =>
                Assert.True(c.TargetMin >= 0 && (c.TargetMax ?? 100) <= 100 && c.TargetMin <= (c.TargetMax ?? 100))
            );
            Assert.Contains(user.BaseCurrency, (string[])["USD", "EUR", "JPY"]);
        }
    }

    [Fact]
    public void Users_Made_AreOfManyKinds()
    {
        DemoGenerator generator = new(new(), Market);
        var users = Enumerable.Range(1, 500).Select(generator.Make).ToArray();

        Assert.Equal(3, users.Select(u => u.BaseCurrency).Distinct().Count());
        Assert.InRange(users.Count(u => u.Contribution is null), 20, 120);
        Assert.NotNull(users[0].Contribution);
        Assert.Contains(users, u => u.Holdings.Any(h => h.Ignored));
        Assert.Contains(users, u => u.Holdings.Any(h => h.Class is null));
        Assert.Contains(users, u => u.Classes.Any(c => c.MinAmount is > 0));
        Assert.Contains(users, u => u.Classes.Any(c => c.TargetMax is null));
        var operators = users
            .SelectMany(u => JsonDocument.Parse(u.Rules).RootElement.EnumerateArray().Select(c => c.GetProperty("operator").GetString()!))
            .Distinct();
        Assert.Equal(["between", "equals", "exists", "gt", "gte", "lt", "lte"], operators.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Users_WithCountsGiven_HaveThem()
    {
        DemoGenerator generator = new(new() { Holdings = 30, Criteria = 10 }, Market);

        Assert.All(Enumerable.Range(1, 100).Select(generator.Make), u => Assert.Equal((30, 10), (u.Holdings.Length, u.CriteriaCount)));
        Assert.Equal(120, new DemoGenerator(new() { Holdings = 300 }, Market).Make(1).Holdings.Length);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 9_999_999)]
    [InlineData(-5, 123_456)]
    public void Id_OfAUser_IsAVersion7ThatTellsItsNumber(long seed, int number)
    {
        var id = DemoIds.User(seed, number);

        Assert.Equal((7, 0x8), (id.Version, id.Variant & 0xC));
        Assert.True(DemoIds.TryNumber(seed, id, out var found));
        Assert.Equal(number, found);
        Assert.False(DemoIds.TryNumber(seed + 1, id, out _));
        Assert.False(DemoIds.TryNumber(seed, Guid.CreateVersion7(), out _));
        Assert.True(DemoIds.User(seed, number - 1).CompareTo(id) < 0);
    }

    [Theory]
    [InlineData("demo@demo.example", 1)]
    [InlineData("user000123@demo.example", 123)]
    [InlineData("user1234567@demo.example", 1_234_567)]
    [InlineData("user@demo.example", null)]
    [InlineData("someone@demo.example", null)]
    [InlineData("user000123@example.com", null)]
    public void Email_OfADemoUser_TellsItsNumber(string email, int? expected) =>
        Assert.Equal(expected, DemoAccounts.TryNumber(email, out var number) ? number : null);

    [Fact]
    public void SyntheticMarket_MadeTwice_IsTheSameAndInSeveralCurrencies()
    {
        var assets = SyntheticMarket.Assets().ToArray();

        Assert.Equal(assets.Select(Text), SyntheticMarket.Assets().Select(Text));
        Assert.Equal(SyntheticMarket.Count, assets.Select(a => a.Id).Distinct().Count());
        Assert.Equal(7, assets.Select(a => a.Currency).Distinct().Count());
        Assert.All(assets, a => Assert.True(a.Price > 0));
        Assert.InRange(assets.Average(a => a.Metrics.Count(m => m is null)), 0.5, 3);
    }

    private static string Text<T>(T value) => JsonSerializer.Serialize(value);
}
