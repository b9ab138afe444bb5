using System.Globalization;
using System.Text;
using Overnight.Core.Market;

namespace Overnight.Tests.Properties;

internal enum CriteriaKind
{
    Good,
    None,
    Empty,
    Corrupt,
}

internal sealed record UserClass(Guid Id, string Name, decimal? TargetMin, decimal? TargetMax, decimal? MinAmount);

internal sealed record UserHolding(Guid Asset, Guid? Class, decimal Quantity, bool Ignored);

/// <summary>Any user that the tables take.</summary>
internal sealed class RandomUser
{
    private static readonly string[] Operators = ["gt", "gte", "lt", "lte", "equals", "between", "exists"];

    private static readonly string[] Numbers =
    [
        "\"79228162514264337593543950335\"",
        "\"-79228162514264337593543950335\"",
        "\"0.0000000000000000000000000001\"",
        "0",
        "\"-0\"",
        "12.5",
        "\"99999999999999999999.99999999\"",
    ];

    private static readonly string[] Points = ["100", "-100", "\"100.0000\"", "\"0.00005\"", "-0.00004", "0", "\"37.1234\"", "5"];

    /// <summary>What the column takes and no calculation does.</summary>
    private static readonly string[] Corruptions =
    [
        """[1]""",
        """[{"id":"a"}]""",
        """[{"id":"a","name":"\ud83d","metric":"roe","operator":"exists","points":1}]""",
        """[{"id":"\udc00","name":"a","metric":"roe","operator":"exists","points":1}]""",
        """[{"id":"a","name":"a","metric":"roe","operator":"exists","points":1,"k\ud83d":{}}]""",
        """[{"id":"a","name":"a","metric":"roe","operator":"exists","points":1,"note":["\ud83d\ud83d"]}]""",
        """[{"id":"a","name":"a","metric":"beauty","operator":"exists","points":1}]""",
        """[{"id":"a","name":"a","metric":"roe","operator":"exists","points":100.0001}]""",
        """[{"id":"a","name":"a","metric":"roe","operator":"gt","value":1e400,"points":1}]""",
        """[{"id":"a","name":"a","metric":"roe","operator":"between","value":1,"points":1}]""",
        $"[{string.Join(',', Enumerable.Repeat("""{"id":"a","name":"a","metric":"roe","operator":"exists","points":1}""", 65))}]",
    ];

    public required Guid Id { get; init; }
    public required string Email { get; init; }
    public required string DisplayName { get; init; }
    public required string BaseCurrency { get; init; }
    public required bool IsGone { get; init; }
    public required bool HasMarket { get; init; }
    public required decimal? Contribution { get; init; }
    public required CriteriaKind Kind { get; init; }
    public required string? Criteria { get; init; }
    public required IReadOnlyList<UserClass> Classes { get; init; }
    public required IReadOnlyList<UserHolding> Holdings { get; init; }

    /// <summary>SPEC A7.</summary>
    public bool IsActive => !IsGone && HasMarket && Holdings.Any(h => !h.Ignored);

    public static RandomUser Of(Random random, int number, IReadOnlyList<MarketAsset> assets)
    {
        var kind = random.Next(25) switch
        {
            0 => CriteriaKind.None,
            1 => CriteriaKind.Empty,
            2 => CriteriaKind.Corrupt,
            _ => CriteriaKind.Good,
        };
        var classes = ClassesOf(random);
        return new()
        {
            Id = NewId(random),
            // Lowercase by any collation.
            Email = $"{number}@{string.Concat(RandomText.Of(random, 30).Where(c => !char.IsLetter(c) || char.IsAsciiLetterLower(c)))}",
            DisplayName = RandomText.Of(random, 200),
            BaseCurrency = random.Next(3) == 0 ? RandomMarket.Currencies[random.Next(RandomMarket.Currencies.Length)] : "USD",
            IsGone = random.Next(40) == 0,
            HasMarket = random.Next(40) != 0,
            Contribution = random.Next(6) switch
            {
                0 => null,
                1 => 0,
                2 => 922_337_203_685_477.5807m,
                3 => 0.0001m,
                _ => decimal.Round((decimal)(random.NextDouble() * 10_000), 4),
            },
            Kind = kind,
            Criteria = kind switch
            {
                CriteriaKind.None => null,
                CriteriaKind.Empty => "[]",
                CriteriaKind.Corrupt => Corruptions[random.Next(Corruptions.Length)],
                _ => GoodCriteria(random),
            },
            Classes = classes,
            Holdings = HoldingsOf(random, assets, classes),
        };
    }

    public static Guid NewId(Random random)
    {
        var bytes = new byte[16];
        random.NextBytes(bytes);
        return new(bytes);
    }

    private static List<UserClass> ClassesOf(Random random)
    {
        List<UserClass> classes = [];
        HashSet<string> names = new(StringComparer.Ordinal) { "unclassified" };
        for (var count = random.Next(20) == 0 ? 40 : random.Next(6); count > 0; count--)
        {
            var name = RandomText.Of(random, 100);
            if (!names.Add(name))
                continue;
            decimal? low = random.Next(4) switch
            {
                0 => null,
                1 => 0,
                2 => 100,
                _ => decimal.Round((decimal)(random.NextDouble() * 50), 4),
            };
            decimal? high = random.Next(3) switch
            {
                0 => null,
                1 => low ?? 0,
                _ => Math.Min(100, (low ?? 0) + decimal.Round((decimal)(random.NextDouble() * 50), 4)),
            };
            decimal? least = random.Next(6) switch
            {
                0 => 922_337_203_685_477.5807m,
                1 => 0,
                2 => decimal.Round((decimal)(random.NextDouble() * 1_000), 4),
                3 => 0.0001m,
                _ => null,
            };
            classes.Add(new(NewId(random), name, low, high, least));
        }
        return classes;
    }

    private static List<UserHolding> HoldingsOf(Random random, IReadOnlyList<MarketAsset> assets, List<UserClass> classes)
    {
        var count = random.Next(30) switch
        {
            0 => 0,
            1 => assets.Count,
            _ => random.Next(1, 9),
        };
        var ignoresAll = random.Next(40) == 0;
        return
        [
            .. Enumerable
                .Range(0, assets.Count)
                .OrderBy(_ => random.Next())
                .Take(count)
                .Select(i => new UserHolding(
                    assets[i].Id,
                    classes.Count == 0 || random.Next(5) == 0 ? null : classes[random.Next(classes.Count)].Id,
                    random.Next(60) switch
                    {
                        < 8 => 0,
                        8 => 99_999_999_999.99999999m,
                        9 => 0.00000001m,
                        _ => decimal.Round((decimal)(random.NextDouble() * 500), 8),
                    },
                    ignoresAll || random.Next(10) == 0
                )),
        ];
    }

    private static string GoodCriteria(Random random)
    {
        StringBuilder json = new("[");
        for (var i = random.Next(15) == 0 ? 64 : random.Next(1, 8); i > 0; i--)
        {
            var name = random.Next(10) == 0 ? $"\0{RandomText.Of(random, 20)}" : RandomText.Of(random, random.Next(20) == 0 ? 2_000 : 60);
            if (json.Length > 1)
                json.Append(',');
            json.Append(
                CultureInfo.InvariantCulture,
                $$"""
                {"id":{{RandomText.Json(random, RandomText.Of(random, 36))}},"name":{{RandomText.Json(
                    random,
                    name
                )}},"metric":"{{Metrics.Names[random.Next(Metrics.Count)]}}",
                "operator":"{{Operators[random.Next(Operators.Length)]}}","value":{{Numbers[
                    random.Next(Numbers.Length)
                ]}},"value2":{{Numbers[random.Next(Numbers.Length)]}},
                "points":{{Points[random.Next(Points.Length)]}},"requiredFundamentals":[{{(
                    random.Next(2) == 0 ? "" : $"\"{Metrics.Names[random.Next(Metrics.Count)]}\""
                )}}],"other":{"x":[1,null]} }
                """
            );
        }
        return json.Append(']').ToString();
    }
}
