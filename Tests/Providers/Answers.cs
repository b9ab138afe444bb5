using System.Text;
using Overnight.Jobs.Demo;

namespace Overnight.Tests.Providers;

/// <summary>Answers in the shapes that the real services have.</summary>
internal static class Answers
{
    public const string Xml = "text/xml",
        Json = "application/json",
        Csv = "text/csv";

    public static string Ecb(DateOnly date, params (string Currency, string Rate)[] rates) =>
        $"""
            <?xml version="1.0" encoding="UTF-8"?>
            <gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
            	<gesmes:subject>Reference rates</gesmes:subject>
            	<gesmes:Sender>
            		<gesmes:name>European Central Bank</gesmes:name>
            	</gesmes:Sender>
            	<Cube>
            		<Cube time='{date:yyyy-MM-dd}'>
            {string.Concat(rates.Select(r => $"\t\t\t<Cube currency='{r.Currency}' rate='{r.Rate}'/>\n"))}		</Cube>
            	</Cube>
            </gesmes:Envelope>
            """;

    public static string Frankfurter(DateOnly date, params (string Currency, string Rate)[] rates) =>
        $"{{\"amount\":1.0,\"base\":\"USD\",\"date\":\"{date:yyyy-MM-dd}\",\"rates\":{{{string.Join(',', rates.Select(r => $"\"{r.Currency}\":{r.Rate}"))}}}}}";

    public static string Stooq(DateOnly date, IEnumerable<(string Symbol, string Close)> prices)
    {
        StringBuilder csv = new("Symbol,Date,Time,Open,High,Low,Close,Volume\r\n");
        foreach (var (symbol, close) in prices)
        {
            csv.Append(
                close == "N/D"
                    ? $"{symbol},N/D,N/D,N/D,N/D,N/D,N/D,N/D\r\n"
                    : $"{symbol},{date:yyyy-MM-dd},22:00:19,{close},{close},{close},{close},1234567\r\n"
            );
        }
        return csv.ToString();
    }

    /// <summary>The demo market's rates as the European Central Bank would quote them, times <paramref name="factor"/>.</summary>
    public static (string Currency, string Rate)[] DemoRatesPerEuro(decimal factor = 1)
    {
        var perDollar = SyntheticMarket.Rates.ToDictionary(
            r => r.Base == "USD" ? r.Quote : r.Base,
            r => r.Base == "USD" ? r.Rate : 1 / r.Rate
        );
        return
        [
            ("USD", $"{factor / perDollar["EUR"]:F4}"),
            .. perDollar.Where(r => r.Key != "EUR").Select(r => (r.Key, $"{factor * r.Value / perDollar["EUR"]:F4}")),
        ];
    }
}
