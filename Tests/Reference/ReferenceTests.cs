using System.Net;
using System.Text.Json;
using Overnight.Core.Reference;
using Overnight.Tests.Dashboard;

namespace Overnight.Tests.Reference;

/// <summary>Reading reference data of one's tenant, and of no other.</summary>
public sealed class ReferenceTests(ReferenceFixture fixture) : IClassFixture<ReferenceFixture>
{
    /// <summary>A piece of what reads an entity, and of nothing else.</summary>
    private const string Query = "select convert_to((";

    private readonly ApiApp _app = fixture.App;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>SPEC G2, G3, G5: from PostgreSQL once, then from the cache, under the key and with the TTL of its kind.</summary>
    [Fact]
    public async Task Get_G3_EveryEntity_IsCachedUnderItsKeyWithItsTtl()
    {
        var tenant = await fixture.TenantAsync();
        var token = await fixture.SignInAsync(tenant);
        foreach (var (path, entity, key) in await ReferenceClient.QuestionsAsync(_app.Database, tenant))
        {
            var first = await _app.AskAsync(token, path);
            Assert.False(first.FromCache(), path);
            var ttl = await _app.Cache.KeyTimeToLiveAsync(key);
            Assert.True(ttl is not null, key);
            Assert.InRange(ttl.Value, entity.Kind.Ttl() - TimeSpan.FromMinutes(1), entity.Kind.Ttl());

            var second = await _app.AskAsync(token, path);
            Assert.True(second.FromCache(), path);
            Assert.Equal(first.GetProperty("data").GetRawText(), second.GetProperty("data").GetRawText());
            Assert.Equal(first.GetProperty("asOf").GetString(), second.GetProperty("asOf").GetString());
        }
    }

    /// <summary>SPEC G1: what the entities say.</summary>
    [Fact]
    public async Task Get_Figures_AddUp()
    {
        var tenant = await fixture.TenantAsync();
        var token = await fixture.SignInAsync(tenant);

        var balance = (await _app.AskAsync(token, "finance/trial-balance")).GetProperty("data");
        Assert.Equal(balance.GetProperty("totalDebit").GetString(), balance.GetProperty("totalCredit").GetString());
        Assert.NotEqual("0", balance.GetProperty("totalDebit").GetString());
        var previous = (await _app.AskAsync(token, "finance/trial-balance?period=previous")).GetProperty("data");
        Assert.True(string.CompareOrdinal(previous.GetProperty("period").GetString(), balance.GetProperty("period").GetString()) < 0);

        var ledger = (await _app.AskAsync(token, "finance/gl-balances")).Items();
        Assert.All(ledger, line =>
            Assert.Equal(Number(line, "closing"), Number(line, "opening") + Number(line, "debit") - Number(line, "credit"))
        );
        Assert.Equal(0, ledger.Sum(line => Number(line, "closing")));

        // Half a year on each side of the year: 24 months.
        Assert.Equal(24, (await _app.AskAsync(token, "finance/periods")).Items().Length);
        Assert.Equal(
            $"{TimeProvider.System.GetUtcNow():yyyy-MM}",
            (await _app.AskAsync(token, "finance/current-period")).GetProperty("data").GetProperty("code").GetString()
        );
        Assert.All((await _app.AskAsync(token, "equipment/health")).Items(), machine =>
            Assert.Contains(machine.GetProperty("status").GetString(), (string[])["good", "warning", "critical"])
        );
        Assert.All((await _app.AskAsync(token, "sales/kits")).Items(), kit =>
            Assert.InRange(kit.GetProperty("components").GetArrayLength(), 3, 6)
        );
    }

    /// <summary>SPEC G1: rates as nights have them: as quoted, inverse, or through the dollar with ten digits.</summary>
    [Theory]
    [InlineData("EUR", "USD", "1.1364")]
    [InlineData("USD", "EUR", "0.8799718409")]
    [InlineData("EUR", "JPY", "170.46")]
    [InlineData("JPY", "EUR", "0.005866478939")]
    public async Task Get_ExchangeRate_IsThatOfTheNight(string from, string to, string rate)
    {
        var token = await fixture.SignInAsync(await fixture.TenantAsync());
        Assert.Equal(
            rate,
            (await _app.AskAsync(token, $"finance/xrate?from={from}&to={to}")).GetProperty("data").GetProperty("rate").GetString()
        );
    }

    /// <summary>SPEC A9, G1: a mistyped year is not the latest for ever.</summary>
    [Fact]
    public async Task A9_LatestExchangeRate_IsNotOneOfTheFuture()
    {
        await _app.Database.ExecuteAsync("insert into exchange_rates values ('USD', 'CHF', '2062-10-01 00:00Z', 81, 'import')");
        var token = await fixture.SignInAsync(await fixture.TenantAsync());
        var latest = (await _app.AskAsync(token, "finance/xrate?from=USD&to=CHF")).GetProperty("data");
        Assert.NotEqual("81", latest.GetProperty("rate").GetString());
    }

    /// <summary>SPEC G1: in pages, which together are everything.</summary>
    [Fact]
    public async Task Get_Pages_AreTogetherEverythingOnce()
    {
        var tenant = await fixture.TenantAsync();
        var token = await fixture.SignInAsync(tenant);
        List<string> skus = [];
        var total = 0;
        for (var page = 1; page == 1 || skus.Count < total; page++)
        {
            var answer = await _app.AskAsync(token, $"sales/materials?page={page}&limit=300");
            total = answer.GetProperty("data").GetProperty("total").GetInt32();
            Assert.InRange(answer.Items().Length, 1, 300);
            skus.AddRange(answer.Items().Select(item => item.GetProperty("sku").GetString()!));
        }
        Assert.InRange(total, 950, 1_000);
        Assert.Equal(total, skus.Distinct(StringComparer.Ordinal).Count());
        using var behind = await _app.GetAsync("/api/reference/sales/materials?page=5&limit=300", token, Ct);
        Assert.Equal(HttpStatusCode.NotFound, behind.StatusCode);
    }

    /// <summary>SPEC G2: another's is 404, and nothing of theirs is asked for, in the cache or in PostgreSQL.</summary>
    [Fact]
    public async Task Get_G2_OfAnotherTenant_Is404AndTouchesNoKeyOfIt()
    {
        var (mine, theirs) = (await fixture.TenantAsync(), await fixture.TenantAsync());
        var token = await fixture.SignInAsync(mine);
        await _app.AskAsync(token, $"finance/coa?tenantId={mine:D}");
        var queries = _app.Queries.Count(Query);

        foreach (
            var path in (string[])
                [
                    $"finance/coa?tenantId={theirs:D}",
                    "finance/coa?tenantId=",
                    $"finance/coa:{theirs:D}",
                    $"finance/coa%3A{theirs:D}",
                    "finance/moon",
                    "moon/coa",
                    "Finance/coa",
                    $"finance/coa?tenantId={mine:D}&tenantId={theirs:D}",
                ]
        )
        {
            using var answer = await _app.GetAsync($"/api/reference/{path}", token, Ct);
            Assert.True(answer.StatusCode == HttpStatusCode.NotFound, $"{path}: {answer.StatusCode}");
        }
        Assert.Equal(queries, _app.Queries.Count(Query));

        // An id of theirs is nothing of mine: asked for below my own key, and not found.
        var questions = await ReferenceClient.QuestionsAsync(_app.Database, theirs);
        using var facility = await _app.GetAsync(
            $"/api/reference/{questions.Single(q => q.Entity.FullName == "wms:locations").Path}",
            token,
            Ct
        );
        Assert.Equal(HttpStatusCode.NotFound, facility.StatusCode);
        foreach (var (_, _, key) in questions)
            Assert.False(await _app.Cache.KeyExistsAsync(key), key);
    }

    /// <summary>SPEC G2.</summary>
    [Fact]
    public async Task Get_WithoutTenantOrSession_IsRefused()
    {
        using var nobody = await _app.GetAsync("/api/reference/finance/coa", null, Ct);
        using var homeless = await _app.GetAsync("/api/reference/finance/coa", await fixture.SignInAsync(null), Ct);
        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.NotFound), (nobody.StatusCode, homeless.StatusCode));
    }

    /// <summary>SPEC G2: bad parts are told by field and value, and never reach a key.</summary>
    [Theory]
    [InlineData("sales/materials?page=0", "page", "not '0'")]
    [InlineData("sales/materials?page=-1", "page", "not '-1'")]
    [InlineData("sales/materials?page=%2B1", "page", "not '+1'")]
    [InlineData("sales/materials?page=1%3Alimit%3A1", "page", "not '1:limit:1'")]
    [InlineData("sales/materials?page=*", "page", "not '*'")]
    [InlineData("sales/materials?page=%D9%A1", "page", "from 1 to 100000")]
    [InlineData("sales/materials?page=1&page=2", "page", "given once")]
    [InlineData("sales/materials?limit=501", "limit", "from 1 to 500, not '501'")]
    [InlineData("sales/materials?Page=1", "Page", "is not known")]
    [InlineData("sales/materials?offset=1", "offset", "known are page, limit")]
    [InlineData("finance/coa?page=1", "page", "it has none")]
    [InlineData("finance/xrate?from=USD", "to", "must be given")]
    [InlineData("finance/xrate?from=usd&to=EUR", "from", "not 'usd'")]
    [InlineData("finance/xrate?from=USD&to=EU%3A", "to", "not 'EU:'")]
    [InlineData("finance/xrate?from=USD&to=EUR&date=2026-02-30", "date", "not '2026-02-30'")]
    [InlineData("finance/xrate?from=USD&to=EUR&date=1999-12-31", "date", "2000-01-01")]
    [InlineData("finance/trial-balance?period=2026-13", "period", "not '2026-13'")]
    [InlineData("wms/locations?facilityId=1", "facilityId", "an id such as")]
    [InlineData("wms/locations?facilityId=", "facilityId", "an id such as")]
    [InlineData("procurement/vendor", "number", "must be given")]
    [InlineData("procurement/vendor?number=0", "number", "from 1 to 2147483647, not '0'")]
    [InlineData("sales/material?sku=", "sku", "1 to 64 characters")]
    [InlineData("sales/material?sku=a%00b", "sku", "control character")]
    public async Task Get_BadParts_Are400ByFieldAndValue(string path, string field, string words)
    {
        var token = await fixture.SignInAsync(await fixture.TenantAsync());
        using var answer = await _app.GetAsync($"/api/reference/{path}", token, Ct);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var problem = JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync(Ct));
        Assert.Contains(words, Assert.Single(problem.GetProperty("errors").GetProperty(field).EnumerateArray()).GetString());
    }

    /// <summary>SPEC G2: separators, wildcards, unicode and length in a part that may be any text.</summary>
    [Fact]
    public async Task Get_HostileSkus_AreEachTheirOwn()
    {
        var tenant = await fixture.TenantAsync();
        var token = await fixture.SignInAsync(tenant);
        string[] skus = ["x", "x:sku:y", "*", "x*", "x%3Asku%3Ay", "é", "e\u0301", "日本😀", "a b", "a+b", new('x', 64)];
        foreach (var sku in skus)
            await _app.Database.ExecuteAsync(
                "insert into erp.materials (tenant_id, sku, name, category, unit, price) values ($1, $2, $3, 'Test', 'pc', 1)",
                tenant,
                sku,
                $"name of {sku}"
            );

        foreach (var fromCache in (bool[])[false, true])
        {
            foreach (var sku in skus)
            {
                var answer = await _app.AskAsync(token, $"sales/material?sku={Uri.EscapeDataString(sku)}");
                Assert.Equal(
                    (fromCache, sku, $"name of {sku}"),
                    (
                        answer.FromCache(),
                        answer.GetProperty("data").GetProperty("sku").GetString(),
                        answer.GetProperty("data").GetProperty("name").GetString()
                    )
                );
            }
        }
        foreach (var nothing in (string[])["X", "y", "x:", "?", "*:*", $"{tenant:D}"])
        {
            using var answer = await _app.GetAsync($"/api/reference/sales/material?sku={Uri.EscapeDataString(nothing)}", token, Ct);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
        // No UTF-8: it is taken for the nine letters that it is written with.
        using var undecodable = await _app.GetAsync("/api/reference/sales/material?sku=%ED%A0%80", token, Ct);
        Assert.Equal(HttpStatusCode.NotFound, undecodable.StatusCode);
        foreach (var tooLong in (string[])[new('x', 65), new('日', 64), new(':', 5_000)])
        {
            using var answer = await _app.GetAsync($"/api/reference/sales/material?sku={Uri.EscapeDataString(tooLong)}", token, Ct);
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        }
    }

    private static decimal Number(JsonElement line, string name) => decimal.Parse(line.GetProperty(name).GetString()!);
}
