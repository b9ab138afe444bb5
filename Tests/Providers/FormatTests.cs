using System.Text;
using Overnight.Core.Market;
using Overnight.Core.Runs;
using Overnight.Jobs.Providers;

namespace Overnight.Tests.Providers;

/// <summary>The shapes that providers answer in, and those that are refused.</summary>
public sealed class FormatTests
{
    private static readonly DateOnly Friday = new(2026, 11, 20);
    private static readonly DateTimeOffset Midnight = new(2026, 11, 20, 0, 0, 0, TimeSpan.Zero);
    private static readonly Guid Apple = Guid.NewGuid(),
        Berkshire = Guid.NewGuid();
    private static readonly Dictionary<string, Guid> Symbols = new(StringComparer.OrdinalIgnoreCase)
    {
        ["aapl.us"] = Apple,
        ["brk-b.us"] = Berkshire,
    };
    private static readonly TimeZoneInfo Warsaw = TimeZoneInfo.FindSystemTimeZoneById("Europe/Warsaw");

    [Fact]
    public void Ecb_DailyFile_RatesForOneEuro()
    {
        var rates = EcbRates.Read(Bytes(Answers.Ecb(Friday, ("USD", "1.1364"), ("JPY", "170.46"))));

        Assert.Equal("EUR", rates.Base);
        Assert.Equal([new FetchedValue<string>("USD", "1.1364", Midnight), new("JPY", "170.46", Midnight)], rates.Values);
    }

    [Theory]
    [InlineData("<html><body>Maintenance</body></html>")]
    [InlineData("not xml")]
    [InlineData("")]
    [InlineData("<Cube><Cube currency='USD' rate='1'/></Cube>")]
    [InlineData("<Cube><Cube time='yesterday'/></Cube>")]
    [InlineData("<Cube><Cube time='2026-11-20'/><Cube time='2026-11-19'/></Cube>")]
    [InlineData("<!DOCTYPE a [<!ENTITY b \"1.1\">]><Cube><Cube time='2026-11-20'><Cube currency='USD' rate='&b;'/></Cube></Cube>")]
    [InlineData("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><Cube/>")]
    public void Ecb_Garbage_IsMalformed(string body) => Malformed(() => EcbRates.Read(Bytes(body)));

    [Fact]
    public void Ecb_Truncated_IsMalformed()
    {
        var whole = Answers.Ecb(Friday, ("USD", "1.1364"), ("JPY", "170.46"));

        Malformed(() => EcbRates.Read(Bytes(whole[..(whole.Length / 2)])));
        Malformed(() => EcbRates.Read(Bytes(whole[..^5])));
    }

    [Theory]
    [InlineData("{\"amount\":1.0,\"base\":\"USD\",\"date\":\"2026-11-20\",\"rates\":{\"EUR\":0.88,\"JPY\":150.0000000001}}")]
    [InlineData(
        """
            [{"date":"2026-11-20","base":"USD","quote":"EUR","rate":0.88},
            {"date":"2026-11-20","base":"USD","quote":"JPY","rate":150.0000000001}]
            """
    )]
    public void Frankfurter_BothVersions_RatesForOneDollarToTheLastDigit(string body)
    {
        var rates = FrankfurterRates.Read(Bytes(body));

        Assert.Equal("USD", rates.Base);
        Assert.Equal([new FetchedValue<string>("EUR", "0.88", Midnight), new("JPY", "150.0000000001", Midnight)], rates.Values);
    }

    /// <summary>The case frankfurter-amount: rates are for as many units of the base as the answer says.</summary>
    [Theory]
    [InlineData("{\"amount\":10.0,\"base\":\"USD\",\"date\":\"2026-11-20\",\"rates\":{\"EUR\":8.62,\"JPY\":\"1502\",\"GBP\":\"N/A\"}}")]
    [InlineData(
        """
            [{"amount":10,"date":"2026-11-20","base":"USD","quote":"EUR","rate":8.62},
            {"amount":100,"date":"2026-11-20","base":"USD","quote":"JPY","rate":15020},
            {"date":"2026-11-20","base":"USD","quote":"GBP","rate":"N/A"}]
            """
    )]
    public void A9_Frankfurter_RatesForAnAmount_AreDividedByIt(string body) =>
        Assert.Equal(
            [new FetchedValue<string>("EUR", "0.862", Midnight), new("JPY", "150.2", Midnight), new("GBP", "N/A", Midnight)],
            FrankfurterRates.Read(Bytes(body)).Values
        );

    [Theory]
    [InlineData("<html></html>")]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{\"message\":\"not found\"}")]
    [InlineData("{\"base\":\"USD\",\"date\":\"2026-11-20\",\"rates\":{\"EUR\":0.88")]
    [InlineData("{\"base\":\"USD\",\"date\":\"2026-11-20\",\"rates\":{\"EUR\":NaN}}")]
    [InlineData("{\"base\":\"USD\",\"date\":\"soon\",\"rates\":{}}")]
    [InlineData("{\"amount\":0,\"base\":\"USD\",\"date\":\"2026-11-20\",\"rates\":{\"EUR\":0.88}}")]
    [InlineData("{\"amount\":-1,\"base\":\"USD\",\"date\":\"2026-11-20\",\"rates\":{\"EUR\":0.88}}")]
    [InlineData("{\"amount\":\"10\",\"base\":\"USD\",\"date\":\"2026-11-20\",\"rates\":{\"EUR\":0.88}}")]
    [InlineData("{\"amount\":1e40,\"base\":\"USD\",\"date\":\"2026-11-20\",\"rates\":{\"EUR\":0.88}}")]
    [InlineData(
        "[{\"date\":\"2026-11-20\",\"base\":\"USD\",\"quote\":\"EUR\",\"rate\":1},{\"date\":\"2026-11-20\",\"base\":\"GBP\",\"quote\":\"EUR\",\"rate\":1}]"
    )]
    public void Frankfurter_Garbage_IsMalformed(string body) => Malformed(() => FrankfurterRates.Read(Bytes(body)));

    [Fact]
    public void Stooq_Quotes_CloseAtTheTimeOfItsZone_AndNothingForNoData()
    {
        var csv = Answers.Stooq(Friday, [("AAPL.US", "271.49"), ("BRK-B.US", "N/D"), ("OTHER.US", "1")]);

        var prices = StooqPrices.Read(Bytes(csv), Symbols, Warsaw);

        Assert.Equal(
            [new FetchedValue<Guid>(Apple, "271.49", new(2026, 11, 20, 21, 0, 19, TimeSpan.Zero)), new(Berkshire, null, null)],
            prices
        );
    }

    [Theory]
    [InlineData("<html><body>Maintenance</body></html>")]
    [InlineData("Exceeded the daily hits limit")]
    [InlineData("")]
    [InlineData("Symbol,Date,Time,Open,High,Low,Close,Volume\r\nAAPL.US,2026-11-20,22:00:19,271.")]
    [InlineData("Symbol,Date,Time,Open,High,Low,Close,Volume\r\nAAPL.US,2026-11-20,22:00:19,1,1,1,1,1\r\nBRK-B.US,2026-11")]
    public void Stooq_Garbage_IsMalformed(string body) => Malformed(() => StooqPrices.Read(Bytes(body), Symbols, Warsaw));

    /// <summary>The case stooq-one-bad-time: a line answers for itself.</summary>
    [Theory]
    [InlineData("AAPL.US,2026-11-20,,1,1,1,271.49,1")]
    [InlineData("AAPL.US,2026-11-20,24:00:00,1,1,1,271.49,1")]
    [InlineData("AAPL.US,tomorrow,22:00:19,1,1,1,271.49,1")]
    [InlineData("AAPL.US,2026-02-30,22:00:19,1,1,1,271.49,1")]
    [InlineData("AAPL.US,2026-11-20")]
    [InlineData("AAPL.US,2026-11-20,22:00:19,1,1,1,271,49,1")]
    public void A9_Stooq_OneBadLine_IsRefusedAndTheOthersAreUsed(string line)
    {
        var values = StooqPrices.Read(
            Bytes($"Symbol,Date,Time,Open,High,Low,Close,Volume\r\n{line}\r\nBRK-B.US,2026-11-20,22:00:19,1,1,1,500.5,1\r\n"),
            Symbols,
            Warsaw
        );

        var answer = new QuoteValidator(new() { MaxMove = 0.5m, MaxRefusedShare = 0.5m }, Midnight.AddDays(1), 1e6m).Check(
            values,
            id => $"{id}",
            _ => null,
            Symbols.Values
        );

        Assert.Equal([new Refusal($"{Apple}", "no_time", null)], answer.Refusals);
        Assert.Equal(500.5m, Assert.Single(answer.Values).Value.Value);
    }

    [Fact]
    public void A9_Frankfurter_RateWithoutItsDate_IsRefusedAndTheOthersAreUsed() =>
        Assert.Equal(
            [new FetchedValue<string>("EUR", "0.88", null), new("JPY", "150", Midnight)],
            FrankfurterRates
                .Read(
                    Bytes(
                        """
                        [{"date":"soon","base":"USD","quote":"EUR","rate":0.88},
                        {"date":"2026-11-20","base":"USD","quote":"JPY","rate":150}]
                        """
                    )
                )
                .Values
        );

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static void Malformed(Action read) => Assert.Equal(ProviderFault.Malformed, Assert.Throws<ProviderException>(read).Reason);
}
