using Overnight.Jobs.Commands;
using Overnight.Jobs.Import;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Input;

public sealed class CompanyImportTests(TestServers servers)
{
    private const string Header =
        "Symbol,Name,Sector,Price,Price/Earnings,Dividend Yield,Earnings/Share,Market Cap,EBITDA,Price/Sales,Price/Book";
    private static readonly CompanyImportOptions August = new() { AsOf = new(2026, 8, 31) };
    private static readonly CompanyImportOptions AugustSkipping = August with { SkipBadRows = true };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RealFile_Imported_KeepsEveryCompany()
    {
        var file = SharedData.Require("data", "sp500-financials.csv");
        await using var database = await InputDatabase.CreateAsync(servers, Ct);

        var result = await ImportAsync(database, file, August);

        Assert.Equal(
            (503, new Changes(503, 0), new Changes(486, 0), new Changes(503, 0)),
            (result.Assets, result.AssetChanges, result.PriceChanges, result.FundamentalChanges)
        );
        Assert.Equal(17, result.WithoutPrice.Count);
        Assert.Contains("BRK.B", result.WithoutPrice);
        // 92293693440 / 3.665357, to 8 decimals.
        Assert.Equal(
            [
                "MMM|3M|Industrial Conglomerates|USD|178.96000000|31.78685800|31.26485000|1.75000000|92293693440.00000000|25180001140.40733276|"
                    + "{revenue}|5.63000000|6488000000.00000000",
            ],
            await DetailsAsync(database, "MMM")
        );
        // The file has its yield as 3.6e-05.
        Assert.Equal(
            ["0.00360000"],
            await database.TextsAsync(
                "select dividend_yield::text from fundamentals f join assets a on a.id = f.asset_id where symbol = 'EA'",
                Ct
            )
        );
        Assert.Equal(["Nike, Inc."], await database.TextsAsync("select name from assets where symbol = 'NKE'", Ct));
        Assert.Equal(["BRK.B|Berkshire Hathaway|Multi-Sector Holdings|USD|||||||{}||"], await DetailsAsync(database, "BRK.B"));
    }

    [Fact]
    public async Task RealFile_ImportedTwiceAtOnce_IsThereOnceWithTheSameIds()
    {
        var file = SharedData.Require("data", "sp500-financials.csv");
        await using var database = await InputDatabase.CreateAsync(servers, Ct);

        var results = await Task.WhenAll(ImportAsync(database, file, August), ImportAsync(database, file, August));
        var ids = await database.TextsAsync("select id from assets order by symbol", Ct);
        var again = await ImportAsync(database, file, August);

        Assert.Equal([0, 503], results.Select(r => r.AssetChanges.New).Order());
        Assert.True(again.AssetChanges.None && again.PriceChanges.None && again.FundamentalChanges.None);
        Assert.Equal(503, ids.Length);
        Assert.Equal(ids, await database.TextsAsync("select id from assets order by symbol", Ct));
    }

    [Fact]
    public async Task Row_Changed_ChangesOnlyItself()
    {
        await using var database = await InputDatabase.CreateAsync(servers, Ct);
        await ImportAsync(database, await FileAsync(Header, "AAA,One,Energy,10,,,,,,,", "BBB,Two,Energy,20,5,,,,,,"), August);

        var result = await ImportAsync(
            database,
            await FileAsync(Header, "AAA,One,Energy,10.5,,,,,,,", "BBB,Two Inc.,Energy,20,5,,,,,,"),
            August
        );
        var later = await ImportAsync(
            database,
            await FileAsync(Header, "AAA,One,Energy,11,,,,,,,"),
            August with
            {
                AsOf = new(2026, 9, 1),
            }
        );

        Assert.Equal(
            (new Changes(0, 1), new Changes(0, 1), new Changes(0, 0)),
            (result.AssetChanges, result.PriceChanges, result.FundamentalChanges)
        );
        Assert.Equal((new Changes(0, 0), new Changes(1, 0)), (later.AssetChanges, later.PriceChanges));
        Assert.Equal(
            ["10.00000000", "10.50000000", "11.00000000", "20.00000000"],
            await database.TextsAsync("select price::text from prices order by price", Ct)
        );
    }

    [Fact]
    public async Task Columns_QuotedReorderedAndMore_AreFoundByName()
    {
        await using var database = await InputDatabase.CreateAsync(servers, Ct);
        var file = await FileAsync(
            "\uFEFFPrice/Book,\"Name\",Note,symbol,Sector,Price,Price/Earnings,Dividend Yield,Earnings/Share,Market Cap,EBITDA,Price/Sales",
            "2.5,\"Say \"\"Hi\"\", Inc.\",anything,BF-B, Energy ,1.25,,0.0175,,100,,0",
            "",
            "1,Other,,X.Y=Z,,,,,,,,"
        );

        var result = await ImportAsync(database, file, August);

        Assert.Equal(2, result.Assets);
        Assert.Equal(
            ["BF-B|Say \"Hi\", Inc.|Energy|USD|1.25000000||2.50000000|1.75000000|100.00000000||{}||"],
            await DetailsAsync(database, "BF-B")
        );
    }

    [Fact]
    public async Task BadRows_Imported_AreAllToldWithLineAndColumnAndNothingIsStored()
    {
        await using var database = await InputDatabase.CreateAsync(servers, Ct);
        var file = await FileAsync(
            Header,
            "AAA,One,Energy,10,,,,,,,",
            "bbb,,Energy,\"1,200\",,,,,,,",
            "CCC,Three,Energy,-1,,,,,,",
            "DDD,Four \"4\",Energy,1,,,,,,,",
            "EEE,\"Five,Energy,1,,,,,,,",
            "AAA,Six,Energy,1,1e30,,,,,,",
            "FFF,Seven,Energy,0,NaN,,,,,,"
        );

        var refused = await Assert.ThrowsAsync<BadRowsException>(() => ImportAsync(database, file, August));

        Assert.Equal(6, refused.Rows.Count);
        Assert.Equal(
            [
                "line 3, column \"Symbol\": \"bbb\" is no symbol: 1 to 20 capital letters, digits, or any of . ^ = -, beginning with a letter or digit",
                "line 3, column \"Name\": \"\" is empty: a company needs a name",
                "line 3, column \"Price\": \"1,200\" is not a number (a decimal point, no thousands separators)",
                "line 4: does not have 11 fields, as the header has: \"CCC,Three,Energy,-1,,,,,,\"",
                "line 5: has a quote where none belongs; a field that holds one is quoted, and the quote doubled: \"DDD,Four \"4\",Energy,1,,,,,,,\"",
                "line 6: has a quote that is opened and not closed: \"EEE,\"Five,Energy,1,,,,,,,\"",
                "line 7, column \"Price/Earnings\": \"1e30\" is not a number (a decimal point, no thousands separators)",
                "line 8, column \"Price\": \"0\" is no price: it must be above 0 and at most 99999999999",
                "line 8, column \"Price/Earnings\": \"NaN\" is not a number (a decimal point, no thousands separators)",
            ],
            refused.Rows.Describe()
        );
        Assert.Contains("--skip-bad-rows", refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, await database.CountAsync("assets", Ct));
    }

    [Fact]
    public async Task BadRows_Skipped_AreListedAndTheOthersStored()
    {
        await using var database = await InputDatabase.CreateAsync(servers, Ct);
        var file = await FileAsync(
            Header,
            "AAA,One,Energy,10,,,,,,,",
            "BBB,Two,Energy,much,,,,,,,",
            "AAA,Three,Energy,1,,,,,,,",
            "CCC,Four,Energy,3,,,,,,,"
        );

        var result = await ImportAsync(database, file, AugustSkipping);

        Assert.Equal((2, 2), (result.Assets, result.Bad.Count));
        Assert.Equal(
            [
                "line 3, column \"Price\": \"much\" is not a number (a decimal point, no thousands separators)",
                "line 4, column \"Symbol\": \"AAA\" is on line 2 already",
            ],
            result.Bad.Describe()
        );
        Assert.Equal(["One", "Four"], await database.TextsAsync("select name from assets order by symbol", Ct));
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("Symbol,Name,Sector,Price\nAAA,One,Energy,1\n", "line 1: the header has no column \"Price/Earnings\", \"Dividend Yield\"")]
    [InlineData("Symbol;Name;Sector;Price\nAAA;One;Energy;1\n", "columns are separated by commas")]
    [InlineData(Header + ",Price\n", "has the column \"Price\" more than once")]
    [InlineData(Header + "\n", "the file has a header and no rows")]
    [InlineData(Header + "\nAAA,One\n", "every row is bad")]
    [InlineData("{\"symbol\":\"AAA\"}\n", "line 1: is no header of comma-separated columns: \"{\"symbol\":\"AAA\"}\"")]
    [InlineData("Symbol,\"Name,Sector\n" + Header + "\nAAA,One,,1,,,,,,,\n", "line 1: is no header of comma-separated columns")]
    [InlineData("\0\u0001PK\u0003\n\0\0\n", "line 1: the header has no column \"Symbol\"")]
    public async Task File_NotATable_IsRefusedWithTheReason(string content, string reason)
    {
        await using var database = await InputDatabase.CreateAsync(servers, Ct);
        var file = Path.Combine(await servers.CreateFolderAsync(), "companies.csv");
        await File.WriteAllTextAsync(file, content, Ct);

        var refused = await Assert.ThrowsAsync<CommandException>(() => ImportAsync(database, file, AugustSkipping));

        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.StartsWith(file, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task File_NotText_IsRefusedWithTheReason()
    {
        await using var database = await InputDatabase.CreateAsync(servers, Ct);
        var file = Path.Combine(await servers.CreateFolderAsync(), "companies.csv");
        await File.WriteAllBytesAsync(file, [.. "Symbol,Name\nAAA,Caf"u8, 0xE9, .. "\n"u8], Ct);

        var notUtf8 = await Assert.ThrowsAsync<CommandException>(() => ImportAsync(database, file, August));
        await File.WriteAllTextAsync(file + ".long", $"{Header}\n{new string('x', 3_000_000)}", Ct);
        var endless = await Assert.ThrowsAsync<CommandException>(() => ImportAsync(database, file + ".long", August));
        var missing = await Assert.ThrowsAsync<CommandException>(() => ImportAsync(database, file + "x", August));
        var folder = await Assert.ThrowsAsync<CommandException>(() => ImportAsync(database, Path.GetDirectoryName(file)!, August));

        Assert.Contains("is not UTF-8 text", notUtf8.Message, StringComparison.Ordinal);
        Assert.Contains("line 2 or soon after: a line has more than 1048576 bytes", endless.Message, StringComparison.Ordinal);
        Assert.Contains("there is no such file", missing.Message, StringComparison.Ordinal);
        Assert.Contains("can't be read", folder.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_UnknownMarketOrDayToCome_AreRefused()
    {
        await using var database = await InputDatabase.CreateAsync(servers, Ct);
        var file = await FileAsync(Header, "AAA,One,Energy,10,,,,,,,");

        var market = await Assert.ThrowsAsync<CommandException>(() => ImportAsync(database, file, August with { Market = "MOON" }));
        var day = await Assert.ThrowsAsync<CommandException>(() => ImportAsync(database, file, new() { AsOf = new(2026, 11, 21) }));

        Assert.Equal("--market MOON: there is no such market. Known are: B3, LSE, NYSE, TSE, XETRA.", market.Message);
        Assert.Equal("--as-of 2026-11-21 is in the future: today is 2026-11-20 (UTC).", day.Message);
    }

    [Fact]
    public async Task Import_Cancelled_StoresNothing()
    {
        await using var database = await InputDatabase.CreateAsync(servers, Ct);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var file = await FileAsync([Header, .. Enumerable.Range(1, 200).Select(i => $"A{i},Company {i},Energy,10,,,,,,,")]);
        CompanyImport import = new(database.Source, new TestClock());

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            import.RunAsync(
                file,
                August,
                new Callback<int>(rows =>
                {
                    if (rows == 100)
                        cancel.Cancel();
                }),
                cancel.Token
            )
        );

        Assert.Equal(0, await database.CountAsync("assets", Ct));
    }

    private static Task<CompanyImportResult> ImportAsync(InputDatabase database, string file, CompanyImportOptions options) =>
        new CompanyImport(database.Source, new TestClock()).RunAsync(file, options, null, Ct);

    private static Task<string[]> DetailsAsync(InputDatabase database, string symbol) =>
        database.TextsAsync(
            $"""
            select concat_ws('|', symbol, name, coalesce(sector, ''), currency, coalesce(price::text, ''), coalesce(pe_ratio::text, ''),
                coalesce(pb_ratio::text, ''), coalesce(dividend_yield::text, ''), coalesce(market_cap::text, ''), coalesce(revenue::text, ''),
                derived::text, coalesce(eps::text, ''), coalesce(ebitda::text, ''))
            from assets a left join prices p on p.asset_id = a.id left join fundamentals f on f.asset_id = a.id where symbol = '{symbol}'
            """,
            Ct
        );

    private async Task<string> FileAsync(params string[] lines)
    {
        var file = Path.Combine(await servers.CreateFolderAsync(), "companies.csv");
        await File.WriteAllLinesAsync(file, lines, Ct);
        return file;
    }
}
