using System.Globalization;
using System.Text;

namespace Overnight.Api.Pages.Dashboard;

/// <summary>
/// A result as CSV (RFC 4180), in UTF-8: numbers as they are stored, with a decimal point, whatever the reader's culture. A spreadsheet
/// takes a cell that begins with certain characters for a formula, so such a text gets an apostrophe before it.
/// </summary>
internal static class ResultCsv
{
    private const string Header =
        "rank,symbol,name,class,amount,currency,part_percent,score,class_gap,criteria,top_contributor,left_out\r\n";

    public static byte[] Write(ResultDocument result)
    {
        StringBuilder csv = new(Header, 4_096);
        foreach (var item in result.Recommendations)
        {
            var part = result.TotalInvestable > 0 ? 100 * item.Amount / result.TotalInvestable : 0;
            Line(
                csv,
                item.Rank.ToString(CultureInfo.InvariantCulture),
                Text(item.Symbol),
                Text(item.Name),
                Text(item.ClassName),
                Number(item.Amount),
                Text(result.Currency),
                Number(part),
                Number(item.Score),
                Number(item.Gap),
                item.CriteriaCount.ToString(CultureInfo.InvariantCulture),
                Text(item.TopContributor),
                ""
            );
        }
        foreach (var (symbol, reason) in result.LeftOut)
            Line(csv, "", Text(symbol), "", "", "", "", "", "", "", "", "", Text(DashboardViews.Reason(reason)));
        return Encoding.UTF8.GetBytes(csv.ToString());
    }

    private static void Line(StringBuilder csv, params ReadOnlySpan<string> cells) => csv.AppendJoin(',', cells).Append("\r\n");

    private static string Number(decimal value) =>
        Math.Round(value, 4, MidpointRounding.AwayFromZero).ToString("0.0000", CultureInfo.InvariantCulture);

    /// <summary>A text cell: harmless in a spreadsheet, and quoted where a reader could take a part of it for a separator.</summary>
    internal static string Text(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return "";
        if (text[0] is '=' or '+' or '-' or '@' or '\t' or '\r')
            text = $"'{text}";
        return text.AsSpan().IndexOfAny("\",\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
