using System.Globalization;
using Overnight.Api.Account;
using Overnight.Api.Pages.Display;

namespace Overnight.Api.Pages.Dashboard;

/// <summary>A result as CSV: numbers as they are stored, with a decimal point, whatever the reader's culture.</summary>
internal static class ResultCsv
{
    private static readonly string[] Header =
    [
        "rank",
        "symbol",
        "name",
        "class",
        "amount",
        "currency",
        "part_percent",
        "score",
        "class_gap",
        "criteria",
        "top_contributor",
        "left_out",
    ];

    public static byte[] Write(ResultDocument result)
    {
        CsvLines csv = new();
        foreach (var name in Header)
            csv.Plain(name);
        csv.End();
        foreach (var item in result.Recommendations)
        {
            var part = result.TotalInvestable > 0 ? 100 * item.Amount / result.TotalInvestable : 0;
            csv.Plain(item.Rank.ToString(CultureInfo.InvariantCulture))
                .Text(item.Symbol)
                .Text(item.Name)
                .Text(item.ClassName)
                .Plain(Number(item.Amount))
                .Text(result.Currency)
                .Plain(Number(part))
                .Plain(Number(item.Score))
                .Plain(Number(item.Gap))
                .Plain(item.CriteriaCount.ToString(CultureInfo.InvariantCulture))
                .Text(item.TopContributor)
                .Plain("")
                .End();
        }
        foreach (var (symbol, reason) in result.LeftOut)
        {
            csv.Plain("").Text(symbol);
            for (var column = 2; column < Header.Length - 1; column++)
                csv.Plain("");
            csv.Text(CodeWords.Of(reason)).End();
        }
        return csv.Take();
    }

    private static string Number(decimal value) =>
        Math.Round(value, 4, MidpointRounding.AwayFromZero).ToString("0.0000", CultureInfo.InvariantCulture);
}
