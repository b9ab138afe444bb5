using Overnight.Jobs.Commands;
using Overnight.Jobs.Import;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Input;

public sealed class RateImportTests(TestServers servers)
{
    private const string Header = "Date,Country,Exchange rate";
    private const string All =
        "select base || quote || ' ' || trim_scale(rate) || ' ' || to_char(as_of at time zone 'UTC', 'YYYY-MM-DD') from exchange_rates order by base, quote, as_of";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RealFile_Imported_HasTheLastRateOfEveryCurrencyInUse()
    {
        var file = SharedData.Require("data", "exchange-rates-monthly.csv");
        await using var database = await InputDatabase.CreateAsync(servers, Ct);

        var result = await ImportAsync(database, file, new());

        Assert.Equal(
            (17_237, 23, new Changes(23, 0), new DateOnly(2026, 6, 1)),
            (result.Rows, result.Currencies, result.Changes, result.Newest)
        );
        Assert.Equal(
            ["Austria", "Belgium", "Finland", "France", "Germany", "Greece", "Ireland", "Italy", "Netherlands", "Portugal", "Spain"],
            result.Outdated.Select(r => r.Country).Order(StringComparer.Ordinal)
        );
        Assert.Empty(result.Doubled);
        var stored = await database.TextsAsync(All, Ct);
        Assert.Equal(
            [
                "AUDUSD 1.4235 2026-06-01",
                "EURUSD 0.8684 2026-06-01",
                "GBPUSD 0.7497 2026-06-01",
                "NZDUSD 1.7295 2026-06-01",
                "USDBRL 5.1241 2026-06-01",
            ],
            stored[..5]
        );
        Assert.Contains("USDVES 587.2113 2026-06-01", stored);
        Assert.Contains("USDJPY 160.77 2026-06-01", stored);
    }

    [Fact]
    public async Task RealFile_ImportedTwiceAtOnceAndAgain_ChangesNothingMore()
    {
        var file = SharedData.Require("data", "exchange-rates-monthly.csv");
        await using var database = await InputDatabase.CreateAsync(servers, Ct);

        var results = await Task.WhenAll(ImportAsync(database, file, new()), ImportAsync(database, file, new()));
        var again = await ImportAsync(database, file, new());

        Assert.Equal([0, 23], results.Select(r => r.Changes.New).Order());
        Assert.True(again.Changes.None);
        Assert.Equal(23, await database.CountAsync("exchange_rates", Ct));
    }

    [Fact]
    public async Task RealFile_QuotedAgainstItsNotes_WarnsAndCanBeReadTheOtherWay()
    {
        var file = SharedData.Require("data", "exchange-rates-monthly.csv");
        await using var database = await InputDatabase.CreateAsync(servers, Ct);

        var noted = await ImportAsync(database, file, new());
        var perDollar = await ImportAsync(database, file, new() { Quoting = RateQuoting.UnitsPerDollar });

        Assert.Contains("--quoting units-per-dollar", noted.Warning, StringComparison.Ordinal);
        Assert.Null(perDollar.Warning);
        // A pair is stored one way round: those of the first import are gone.
        Assert.Equal(23, await database.CountAsync("exchange_rates where base = 'USD'", Ct));
        Assert.Equal(23, await database.CountAsync("exchange_rates", Ct));
        Assert.Equal(["0.868400000000"], await database.TextsAsync("select rate::text from exchange_rates where quote = 'EUR'", Ct));
    }

    [Fact]
    public async Task Euro_QuotedAsNoted_GivesNoWarning()
    {
        await using var database = await InputDatabase.CreateAsync(servers, Ct);
        var file = await FileAsync(Header, "2001-12-01,Germany,2.1946", "2001-12-01,Euro,0.8912", "2002-01-01,Euro,0.8832");

        var result = await ImportAsync(database, file, new());

        Assert.Null(result.Warning);
        Assert.Equal(["EURUSD 0.8832 2002-01-01", "USDDEM 2.1946 2001-12-01"], await database.TextsAsync(All, Ct));
    }

    [Theory]
    [InlineData("2007-12-01", "VEB")]
    [InlineData("2018-08-01", "VEF")]
    [InlineData("2018-09-01", "VES")]
    [InlineData("2026-06-01", "VES")]
    public async Task Venezuela_ByMonth_HasTheCurrencyOfItsTime(string month, string currency)
    {
        await using var database = await InputDatabase.CreateAsync(servers, Ct);

        await ImportAsync(database, await FileAsync(Header, $"{month},Venezuela,42"), new());

        Assert.Equal([currency], await database.TextsAsync("select quote from exchange_rates", Ct));
    }

    [Fact]
    public async Task Rate_MadeUpForDemo_GivesWayToARealOne()
    {
        await using var database = await InputDatabase.CreateAsync(servers, Ct);
        await database.ExecuteAsync(
            "insert into exchange_rates values ('USD', 'GBP', now(), 0.5, 'demo'), ('USD', 'CHF', now(), 0.8, 'demo')",
            Ct
        );

        await ImportAsync(database, await FileAsync(Header, "2026-06-01,United Kingdom,1.33"), new());

        Assert.Equal(
            ["GBPUSD import", "USDCHF demo"],
            await database.TextsAsync("select base || quote || ' ' || source from exchange_rates order by base", Ct)
        );
    }

    [Fact]
    public async Task BadRows_Imported_AreToldWithLineAndColumnAndCanBeSkipped()
    {
        await using var database = await InputDatabase.CreateAsync(servers, Ct);
        var file = await FileAsync(
            Header,
            "2026-06-01,Japan,160",
            "2026-06-31,Japan,161",
            "2026-06-01,Atlantis,2",
            "2026-06-01,Canada,0",
            "2026-06-01,Sweden,",
            "2026-06-01,Japan,159",
            "06/01/2026,\"Japan"
        );

        var refused = await Assert.ThrowsAsync<BadRowsException>(() => ImportAsync(database, file, new()));
        Assert.Equal(0, await database.CountAsync("exchange_rates", Ct));
        var skipped = await ImportAsync(database, file, new() { SkipBadRows = true });

        Assert.Equal(
            [
                "line 3, column \"Date\": \"2026-06-31\" is not a date (year-month-day, like 2026-06-01)",
                "line 4, column \"Country\": \"Atlantis\" is a country whose currency is not known here; names are those of the file of the Federal Reserve",
                "line 5, column \"Exchange rate\": \"0\" is no exchange rate: it must be above 0 and below 1,000,000,000,000,000",
                "line 6, column \"Exchange rate\": \"\" is no exchange rate: the field is empty",
                "line 7, column \"Date\": \"2026-06-01\" is there twice for Japan",
                "line 8: has a quote that is opened and not closed: \"06/01/2026,\"Japan\"",
            ],
            refused.Rows.Describe()
        );
        Assert.Equal((1, 6), (skipped.Currencies, skipped.Bad.Count));
        Assert.Equal(["USDJPY 160 2026-06-01"], await database.TextsAsync(All, Ct));
    }

    [Fact]
    public async Task File_WithoutAColumn_IsRefused()
    {
        await using var database = await InputDatabase.CreateAsync(servers, Ct);

        var refused = await Assert.ThrowsAsync<CommandException>(async () =>
            await ImportAsync(database, await FileAsync("Date,Land,Rate"), new())
        );

        Assert.Contains(
            "line 1: the header has no column \"Country\", \"Exchange rate\". It has \"Date\", \"Land\", \"Rate\"",
            refused.Message,
            StringComparison.Ordinal
        );
    }

    private static Task<RateImportResult> ImportAsync(InputDatabase database, string file, RateImportOptions options) =>
        new RateImport(database.Source).RunAsync(file, options, null, Ct);

    private async Task<string> FileAsync(params string[] lines)
    {
        var file = Path.Combine(await servers.CreateFolderAsync(), "rates.csv");
        await File.WriteAllLinesAsync(file, lines, Ct);
        return file;
    }
}
