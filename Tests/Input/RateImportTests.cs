using Overnight.Jobs.Commands;
using Overnight.Jobs.Import;
using Overnight.Jobs.Providers;
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
            ["USDAUD 1.4235 2026-06-01", "USDEUR 0.8684 2026-06-01", "USDGBP 0.7497 2026-06-01", "USDNZD 1.7295 2026-06-01"],
            stored.Where(s => s[..6] is "USDAUD" or "USDEUR" or "USDGBP" or "USDNZD")
        );
        Assert.All(stored, s => Assert.StartsWith("USD", s, StringComparison.Ordinal));
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
    public async Task A9_RealFile_ReadAgainstTheParityOfTheEuro_IsRefused()
    {
        var file = SharedData.Require("data", "exchange-rates-monthly.csv");
        await using var database = await InputDatabase.CreateAsync(servers, Ct);

        var refused = await Assert.ThrowsAsync<CommandException>(() =>
            ImportAsync(database, file, new() { Quoting = RateQuoting.Noted, SkipBadRows = true })
        );

        Assert.Contains(
            "that Euro is units for one dollar, and --quoting noted reads it the other way round. Import it with --quoting units-per-dollar.",
            refused.Message,
            StringComparison.Ordinal
        );
        Assert.Equal(0, await database.CountAsync("exchange_rates", Ct));
    }

    [Fact]
    public async Task A9_EuroInDollars_IsRefusedByDefault_AndImportedAsNoted()
    {
        await using var database = await InputDatabase.CreateAsync(servers, Ct);
        // In June a euro was as good as a dollar: that month tells nothing, December does.
        var file = await FileAsync(
            Header,
            "2001-06-01,Germany,1.9749",
            "2001-06-01,Euro,1.0000",
            "2001-12-01,Germany,2.1946",
            "2001-12-01,Euro,0.8912",
            "2002-01-01,Euro,0.8832"
        );

        var refused = await Assert.ThrowsAsync<CommandException>(() => ImportAsync(database, file, new()));
        Assert.Equal(0, await database.CountAsync("exchange_rates", Ct));
        await ImportAsync(database, file, new() { Quoting = RateQuoting.Noted });

        Assert.Contains(
            "In 2001-12 the file has Germany at 2.1946 and Euro at 0.8912: by the parity that the two currencies were fixed at, that Euro is dollars for one unit",
            refused.Message,
            StringComparison.Ordinal
        );
        Assert.EndsWith("Import it with --quoting noted.", refused.Message, StringComparison.Ordinal);
        Assert.Equal(["EURUSD 0.8832 2002-01-01", "USDDEM 2.1946 2001-12-01"], await database.TextsAsync(All, Ct));
    }

    [Theory]
    [InlineData(
        "2026-06-01,Euro,0.8684",
        "2026-11-01,Euro,1.16",
        "looks like the inverse of the stored USD/EUR 0.8684 of 2026-06-01 (import)"
    )]
    [InlineData("2026-06-01,Euro,0.8684", "2026-06-01,Euro,0.0868", "is more than 25 % away from the stored USD/EUR 0.8684")]
    [InlineData("2026-06-01,Japan,160.77", "2026-06-01,Japan,201", "is more than 25 % away from the stored USD/JPY 160.77")]
    [InlineData("2026-06-01,Japan,160.77", "2026-06-01,Japan,200.9", null)]
    [InlineData("2026-02-01,Japan,160", "2026-06-01,Japan,239", null)]
    [InlineData("2026-02-01,Japan,160", "2026-06-01,Japan,241", "is more than 50 % away from the stored USD/JPY 160 of 2026-02-01")]
    [InlineData("2026-06-01,Euro,1.01", "2026-07-01,Euro,0.98", null)]
    [InlineData("2026-06-01,Venezuela,587.2113", "2026-06-01,Venezuela,5.872113", "is more than 25 % away")]
    public async Task A9_Rate_ThatContradictsTheStored_IsRefusedByLineUnlessAccepted(string first, string second, string? problem)
    {
        await using var database = await InputDatabase.CreateAsync(servers, Ct);
        await ImportAsync(database, await FileAsync(Header, first), new());
        var before = await database.TextsAsync(All, Ct);
        var file = await FileAsync(Header, "2026-06-01,Canada,1.38", second);

        if (problem is not null)
        {
            var refused = await Assert.ThrowsAsync<BadRowsException>(() => ImportAsync(database, file, new()));
            Assert.Contains(
                $"line 3, column \"Exchange rate\": \"{second.Split(',')[2]}\" {problem}",
                refused.Message,
                StringComparison.Ordinal
            );
            Assert.Contains("--accept-contradictions", refused.Message, StringComparison.Ordinal);
            Assert.Equal(before, await database.TextsAsync(All, Ct));
            var skipped = await ImportAsync(database, file, new() { SkipBadRows = true });
            Assert.Equal((1, 1), (skipped.Currencies, skipped.Bad.Count));
            Assert.Equal(before.Length + 1, await database.CountAsync("exchange_rates", Ct));
        }

        var accepted = await ImportAsync(database, file, new() { AcceptContradictions = problem is not null });

        Assert.Equal((2, 0), (accepted.Currencies, accepted.Bad.Count));
    }

    /// <summary>
    /// What an earlier default made of the public file: the right reading of the same month is told from it, and takes its place.
    /// </summary>
    [Fact]
    public async Task A9_StoredInverted_IsReplacedWhenAccepted()
    {
        var file = SharedData.Require("data", "exchange-rates-monthly.csv");
        await using var database = await InputDatabase.CreateAsync(servers, Ct);
        await database.ExecuteAsync(
            "insert into exchange_rates values ('EUR', 'USD', '2026-06-01 00:00Z', 0.8684, 'import'), ('GBP', 'USD', '2026-06-01 00:00Z', 0.7497, 'import')",
            Ct
        );

        var refused = await Assert.ThrowsAsync<BadRowsException>(() => ImportAsync(database, file, new()));
        await ImportAsync(database, file, new() { AcceptContradictions = true });

        Assert.Equal(2, refused.Rows.Count);
        Assert.Equal(23, await database.CountAsync("exchange_rates where base = 'USD'", Ct));
        Assert.Equal(2, await database.CountAsync("exchange_rates where quote = 'USD'", Ct));
        await using var connection = await database.Source.OpenConnectionAsync(Ct);
        var (rates, _) = await MarketDataStore.RatesAsync(connection, new(), ValueLimits.Of(new TestClock().GetUtcNow()), Ct);
        Assert.Equal(23, rates.Count);
        Assert.All(rates, rate => Assert.Equal("USD", rate.Base));
        Assert.Equal(
            ["0.8684|1.151543068"],
            await database.TextsAsync(
                "select trim_scale((erp.exchange_rate('USD', 'EUR', '2026-11-20')).rate) || '|' || (erp.exchange_rate('EUR', 'USD', '2026-11-20')).rate",
                Ct
            )
        );
    }

    /// <summary>The case future-rate: a mistyped year must not win for ever.</summary>
    [Fact]
    public async Task A9_RateOfTheFuture_IsRefusedByLineAndColumn()
    {
        await using var database = await InputDatabase.CreateAsync(servers, Ct);
        var file = await FileAsync(
            Header,
            "2026-10-01,Euro,0.86",
            "2026-11-20,Japan,150.2",
            "2062-10-01,Switzerland,0.81",
            "2026-11-21,Canada,1.38"
        );

        var refused = await Assert.ThrowsAsync<BadRowsException>(() => ImportAsync(database, file, new()));
        Assert.Equal(0, await database.CountAsync("exchange_rates", Ct));
        var skipped = await ImportAsync(database, file, new() { SkipBadRows = true });

        Assert.Equal(
            [
                "line 4, column \"Date\": \"2062-10-01\" is in the future: today is 2026-11-20 (UTC)",
                "line 5, column \"Date\": \"2026-11-21\" is in the future: today is 2026-11-20 (UTC)",
            ],
            refused.Rows.Describe()
        );
        Assert.Equal((2, new DateOnly(2026, 11, 20), 0), (skipped.Currencies, skipped.Newest, skipped.Outdated.Count));
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

        await ImportAsync(database, await FileAsync(Header, "2026-06-01,United Kingdom,0.75"), new());

        Assert.Equal(
            ["USDCHF demo", "USDGBP import"],
            await database.TextsAsync("select base || quote || ' ' || source from exchange_rates order by quote", Ct)
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
        new RateImport(database.Source, new TestClock()).RunAsync(file, options, null, Ct);

    private async Task<string> FileAsync(params string[] lines)
    {
        var file = Path.Combine(await servers.CreateFolderAsync(), "rates.csv");
        await File.WriteAllLinesAsync(file, lines, Ct);
        return file;
    }
}
