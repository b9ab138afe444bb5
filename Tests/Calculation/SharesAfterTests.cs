using System.Text;
using System.Text.Json;
using Overnight.Core.Market;
using Overnight.Core.Portfolios;
using Overnight.Core.Recommendations;
using Overnight.Core.Scoring;
using Overnight.Tests.Properties;

namespace Overnight.Tests.Calculation;

/// <summary>SPEC B1: names, classes, ranks and the shares after buying, for any portfolio.</summary>
public sealed class SharesAfterTests(ITestOutputHelper output)
{
    private const decimal EuroRate = 1.1m;

    private static readonly ResultContext Context = new("NYSE", new(2026, 11, 20), 1, Guid.CreateVersion7());

    private static readonly Criterion[] Criteria =
    [
        new("a"u8.ToArray(), "a"u8.ToArray(), Metric.Roe, ComparisonOperator.GreaterThan, 0, 0, new(250_000), 0),
        new("b"u8.ToArray(), "b"u8.ToArray(), Metric.Roe, ComparisonOperator.LessOrEqual, 0, 0, new(-100_000), 0),
    ];

    private sealed record Class(string Name, int Min, int Max, decimal Least = 0);

    /// <param name="Class">Index; -1 for none.</param>
    private sealed record Holding(string? Name, decimal? Price, decimal Quantity, int Class, bool IsEuro = false, decimal? Roe = null);

    [Fact]
    public void B1_AnyPortfolio_AddsUpAndKeepsTheOldBytes()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"Seed {seed}");
        Random random = new(seed);
        for (var round = 0; round < 3_000; round++)
        {
            var where = $"Seed {seed}, round {round}";
            var classes = Enumerable.Range(0, random.Next(6)).Select(n => RandomClass(random, n)).ToList();
            var holdings = Enumerable.Range(0, random.Next(1, 12)).Select(_ => RandomHolding(random, classes.Count)).ToList();
            // Someone without any price has no result.
            holdings.Add(new("Priced", 3, random.Next(2), -1));
            decimal? contribution = random.Next(5) switch
            {
                0 => null,
                1 => 0,
                2 => 0.0001m,
                3 => 922_337_203_685_477.5807m,
                _ => decimal.Round((decimal)random.NextDouble() * 10_000, 4),
            };

            var (entry, calculation, bytes) = Write(classes, holdings, contribution, where);

            AssertShares(entry, holdings, calculation, where);
            // No random name has these letters.
            Assert.True(bytes.AsSpan().IndexOf("NaN"u8) < 0, where);
        }
    }

    [Theory]
    // Worth nothing: what is bought is all there is.
    [InlineData("0", "0", "100", "50.0000 50.0000")]
    // Worth nothing, and nothing is bought.
    [InlineData("0", "0", "0", "0.0000 0.0000")]
    [InlineData("0", "0", null, "0.0000 0.0000")]
    // No contribution: as it is.
    [InlineData("1", "2", null, "33.3333 66.6667")]
    // 20 of 30 is over its maximum of 60 %, so that all goes to the other: 40 of 60.
    [InlineData("1", "2", "30", "66.6667 33.3333")]
    // So little that no share changes.
    [InlineData("100000", "200000", "0.0001", "33.3333 66.6667")]
    public void B1_WorkedShares_AreThose(string first, string second, string? contribution, string expected)
    {
        var (entry, _, _) = Write(
            [new("A", 40, 60), new("B", 40, 60)],
            [new("One", 10, decimal.Parse(first), 0), new("Two", 10, decimal.Parse(second), 1)],
            contribution is null ? null : decimal.Parse(contribution),
            expected
        );

        Assert.Equal(
            expected,
            string.Join(' ', entry.GetProperty("classes").EnumerateArray().Select(c => c.GetProperty("after").GetString()))
        );
    }

    [Fact]
    public void B1_EverythingOverAllocated_StaysAsItIs()
    {
        var (entry, _, _) = Write([new("A", 0, 5)], [new("One", 10, 1, 0), new("Two", 10, 3, -1)], 500, "over-allocated");

        Assert.Equal("500.0000", entry.GetProperty("unallocated").GetString());
        Assert.Equal(
            [
                """{"className":"A","current":"25.0000","targetMin":"0.0000","targetMax":"5.0000","after":"25.0000"}""",
                """{"className":"unclassified","current":"75.0000","targetMin":"0.0000","targetMax":"0.0000","after":"75.0000"}""",
            ],
            entry.GetProperty("classes").EnumerateArray().Select(c => c.GetRawText())
        );
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("Plain & Co.", "Plain & Co.")]
    [InlineData("\"\\\b\f\n\r\t\u0001\u001f\u007f\u0085\u2028", "\"\\\b\f\n\r\t\u0001\u001f\u007f\u0085\u2028")]
    [InlineData("</script>'漢字\U0001F468\u200D\U0001F469\uffff\ufeff\u202e", "</script>'漢字\U0001F468\u200D\U0001F469\uffff\ufeff\u202e")]
    public void B1_Name_IsThatOfTheAssetOrNull(string name, string? expected)
    {
        var (entry, _, _) = Write([new("A", 0, 100)], [new(name, 10, 1, 0)], 5, name, nameOf: _ => expected);

        Assert.Equal(expected, entry.GetProperty("recommendations")[0].GetProperty("name").GetString());
    }

    /// <summary>Half of a surrogate pair is no character, and no attribute can hold it.</summary>
    [Fact]
    public void B1_NameWithHalfOfASurrogatePair_HasAReplacementCharacter() =>
        Write([new("A", 0, 100)], [new("a\ud83d", 10, 1, 0)], 5, "half of a pair", nameOf: _ => "a\ufffd");

    [Fact]
    public void B1_UserWithoutClasses_HasEverythingUnclassified()
    {
        var (entry, _, _) = Write([], [new("One", 10, 1, -1), new("Two", null, 1, -1)], 5, "no classes");

        Assert.Equal("unclassified", Assert.Single(entry.GetProperty("classes").EnumerateArray()).GetProperty("className").GetString());
        Assert.Single(entry.GetProperty("recommendations").EnumerateArray());
    }

    /// <summary>Writes both forms, and checks all that holds for every entry.</summary>
    private static (JsonElement Entry, Core.Recommendations.Calculation Calculation, byte[] Bytes) Write(
        List<Class> classes,
        List<Holding> holdings,
        decimal? contribution,
        string where,
        Func<string?, string?>? nameOf = null
    )
    {
        MarketSnapshot market = new(
            new(Guid.Empty, "NYSE", new(2026, 11, 20), default, null, null),
            [.. holdings.Select(AssetOf)],
            new Dictionary<(string, string), decimal> { [("EUR", "USD")] = EuroRate }
        );
        UserPortfolio portfolio = new()
        {
            UserId = Guid.CreateVersion7(),
            BaseCurrency = "USD",
            Contribution = contribution is { } amount ? Decimal4.Round(amount) : null,
        };
        portfolio.Classes.AddRange(
            classes.Select(c => new PortfolioClass(
                Guid.CreateVersion7(),
                NewestForm.Escaped(c.Name),
                Decimal4.Round(c.Min),
                Decimal4.Round(c.Max),
                Decimal4.Round(c.Least)
            ))
        );
        portfolio.Holdings.AddRange(holdings.Select((h, i) => new PortfolioHolding(i, h.Class, h.Quantity)));
        Core.Recommendations.Calculation calculation = new();
        calculation.Run(portfolio, Criteria, market);
        var generatedAt = DateTimeOffset.UnixEpoch;

        var bytes = new ResultWriter(market, Context).Recommendations(portfolio, Criteria, calculation, generatedAt);
        var old = new ResultWriter(market, Context, ResultWriter.WithoutNames).Recommendations(
            portfolio,
            Criteria,
            calculation,
            generatedAt
        );

        Assert.True(ResultIntegrity.AreOf(portfolio.UserId, bytes), where);
        Assert.Equal(
            Encoding.UTF8.GetString(NewestForm.WithoutChecksum(old)),
            Encoding.UTF8.GetString(NewestForm.WithoutNewMembers(bytes))
        );
        var entry = JsonElement.Parse(bytes);
        var byId = market.Assets.Select((a, i) => (a.Id, Holding: holdings[i])).ToDictionary(a => a.Id, a => a.Holding);
        nameOf ??= name => name is "" ? null : name;
        NewestForm.AssertHolds(entry, id => nameOf(byId[id].Name), id => byId[id].Class < 0 ? null : classes[byId[id].Class].Name, where);
        return (entry, calculation, bytes);

        static SnapshotAsset AssetOf(Holding holding, int number)
        {
            var fundamentals = new decimal?[Metrics.Count];
            fundamentals[(int)Metric.Roe] = holding.Roe;
            return new(
                Guid.CreateVersion7(),
                $"A{number}",
                holding.IsEuro ? "EUR" : "USD",
                holding.Price,
                fundamentals,
                holding.Name ?? ""
            );
        }
    }

    /// <summary>By the formula, from the holdings and the amounts of the entry.</summary>
    private static void AssertShares(JsonElement entry, List<Holding> holdings, Core.Recommendations.Calculation calculation, string where)
    {
        var (total, values) = (0m, new decimal[calculation.Allocations.Length]);
        var amounts = calculation.Ranked.ToArray().ToDictionary(r => r.Holding, r => r.Amount.ToDecimal());
        for (var i = 0; i < holdings.Count; i++)
        {
            if (holdings[i].Price is not { } price)
                continue;
            var value = holdings[i].Quantity * (holdings[i].IsEuro ? price * EuroRate : price) + amounts[i];
            values[holdings[i].Class < 0 ? ^1 : holdings[i].Class] += value;
            total += value;
        }
        var shares = entry.GetProperty("classes").EnumerateArray().Select(c => decimal.Parse(c.GetProperty("after").GetString()!)).ToList();
        Assert.Equal(values.Length, shares.Count);
        for (var i = 0; i < values.Length; i++)
        {
            var wanted = total == 0 ? 0 : values[i] * 100 / total;
            Assert.True(Math.Abs(shares[i] - wanted) <= 0.00005m, $"{where}: the share of class {i} is {shares[i]}, and not {wanted}");
        }
    }

    private static Class RandomClass(Random random, int number)
    {
        var min = random.Next(60);
        // Names are unique per user.
        return new($"{number}{RandomText.Of(random, 90)}", min, random.Next(min, 101), random.Next(3) == 0 ? random.Next(2_000) : 0);
    }

    private static Holding RandomHolding(Random random, int classes) =>
        new(
            random.Next(6) == 0 ? "" : RandomText.Of(random, 200),
            random.Next(6) == 0 ? null : decimal.Round((decimal)random.NextDouble() * 900 + 0.00000001m, 8),
            random.Next(4) == 0 ? 0 : decimal.Round((decimal)random.NextDouble() * 500, 8),
            random.Next(-1, classes),
            random.Next(2) == 0,
            random.Next(3) == 0 ? null : random.Next(-2, 3)
        );
}
