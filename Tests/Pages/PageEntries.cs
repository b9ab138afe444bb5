using System.Globalization;
using Overnight.Tests.Dashboard;

namespace Overnight.Tests.Pages;

/// <summary>One recommendation of a test's entry.</summary>
internal sealed record TestHolding(string Symbol, string Name, string ClassName, decimal Score, decimal Amount, decimal Gap);

/// <summary>One class of a test's entry.</summary>
internal sealed record TestClass(string Name, decimal Current, decimal Min, decimal Max, decimal After);

/// <summary>Entries as the night writes them for pages, with names, classes, ranges and shares after buying.</summary>
internal static class PageEntries
{
    public static readonly TestHolding[] Holdings =
    [
        new("BND", "Total Bond Market", "Bonds", 62, 1_120.4m, 9.4m),
        new("VNQ", "Real Estate Index", "Real estate", 48, 640, 6.1m),
        new("NESN", "Nestlé", "European shares", 55, 389.6m, 2.8m),
        new("ASML", "ASML Holding", "European shares", 35, 250, 2.8m),
        new("IAU", "Gold Trust", "Commodities", 12, 100, 0.9m),
        new("AAPL", "Apple", "US shares", 40, 0, -12.1m),
        new("MSFT", "Microsoft", "US shares", 38, 0, -12.1m),
    ];

    public static readonly TestClass[] Classes =
    [
        new("US shares", 52.1m, 35, 45, 50.3m),
        new("European shares", 22.2m, 22, 28, 23.5m),
        new("Bonds", 10.6m, 18, 22, 14.1m),
        new("Real estate", 6.9m, 11, 15, 8.7m),
        new("Commodities", 8.2m, 7, 11, 8.2m),
    ];

    public static byte[] Entry(
        Guid user,
        IReadOnlyList<TestHolding>? holdings = null,
        IReadOnlyList<TestClass>? classes = null,
        decimal contribution = 2_500,
        decimal unallocated = 0,
        string generatedAt = "2026-11-20T12:31:00.000Z",
        string pricesAsOf = "2026-11-19T21:00:00Z",
        string ratesAsOf = "2026-11-19T15:00:00Z",
        string marks = "",
        string currency = "EUR",
        string leftOut = """{"assetId":"019a0000-0000-7000-8000-000000000099","symbol":"XYZ","reason":"no_price"}"""
    )
    {
        (holdings, classes) = (holdings ?? Holdings, classes ?? Classes);
        var recommendations = holdings.Select(
            (item, at) =>
                $$$"""{"assetId":"019a0000-0000-7000-8000-{{{at:d12}}}","symbol":{{{Text(item.Symbol)}}},"name":{{{Text(item.Name)}}}"""
                + $$$""","className":{{{Text(item.ClassName)}}},"rank":{{{at + 1}}},"score":{{{Quoted(item.Score)}}}"""
                + $$$""","amount":{{{Quoted(item.Amount)}}},"currency":{{{Text(currency)}}},"allocationGap":{{{Quoted(item.Gap)}}}"""
                + ""","breakdown":{"criteriaCount":10,"topContributor":"Dividend yield"}}"""
        );
        var shares = classes.Select(item => $"{Text(item.Name)}:{Quoted(item.Current)}");
        var ranges = classes.Select(item =>
            $$$"""{"className":{{{Text(item.Name)}}},"current":{{{Quoted(item.Current)}}}"""
            + $$$""","targetMin":{{{Quoted(item.Min)}}},"targetMax":{{{Quoted(item.Max)}}},"after":{{{Quoted(item.After)}}}}"""
        );
        return TestResults.Close(
            $$$"""{"userId":"{{{user:D}}}","generatedAt":"{{{generatedAt}}}","recommendations":[{{{Joined(recommendations)}}}]"""
                + $$$""","portfolioSummary":{"totalValue":"68412.3700","baseCurrency":{{{Text(currency)}}}"""
                + $$$""","allocations":{{{{Joined(shares)}}}}}"""
                + $$$""","dataFreshness":{"pricesAsOf":"{{{pricesAsOf}}}","ratesAsOf":"{{{ratesAsOf}}}","criteriaVersion":"7"{{{marks}}}}"""
                + $$$""","totalInvestable":{{{Quoted(contribution)}}},"baseCurrency":{{{Text(currency)}}}"""
                + $$$""","unallocated":{{{Quoted(unallocated)}}},"leftOut":[{{{leftOut}}}]"""
                + ""","run":{"market":"NYSE","businessDate":"2026-11-20","revision":1"""
                + ""","correlationId":"019a0000-0000-7000-8000-000000000003"}"""
                + $$$""","classes":[{{{Joined(ranges)}}}]"""
        );
    }

    /// <summary>As many holdings and classes as demo users have at most.</summary>
    public static byte[] Large(Guid user) =>
        Entry(
            user,
            [
                .. Enumerable
                    .Range(0, 50)
                    .Select(at => new TestHolding(
                        $"SYM{at:d2}.DE",
                        $"A company with a rather long name {at}",
                        $"A class of shares {at % 12}",
                        50,
                        50,
                        5
                    )),
            ],
            [.. Enumerable.Range(0, 12).Select(at => new TestClass($"A class of shares {at}", 8, 5, 12, 8))]
        );

    private static string Number(decimal value) => value.ToString("0.0000", CultureInfo.InvariantCulture);

    private static string Quoted(decimal value) => $"\"{Number(value)}\"";

    private static string Joined(IEnumerable<string> items) => string.Join(',', items);

    private static string Text(string text) => System.Text.Json.JsonSerializer.Serialize(text);
}
