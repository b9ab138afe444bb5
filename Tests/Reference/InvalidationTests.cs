using System.Net;
using System.Text;
using System.Text.Json;
using Overnight.Core.Caching;
using Overnight.Core.Reference;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using StackExchange.Redis;

namespace Overnight.Tests.Reference;

/// <summary>SPEC G5: events, patterns, tenants and all, by generations.</summary>
public sealed class InvalidationTests(ReferenceFixture fixture) : IClassFixture<ReferenceFixture>
{
    /// <summary>Higher than any that PostgreSQL gives.</summary>
    private const long Distant = 9_000_000_000_000_000;

    private const string Events = "/api/admin/cache/events",
        Invalidate = "/api/admin/cache/invalidate";
    private readonly ApiApp _app = fixture.App;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>SPEC G5: cache-aside until the event, then the new account, on every node; and nothing else is read anew.</summary>
    [Fact]
    public async Task Event_G5_AccountCreated_IsSeenOnEveryNode()
    {
        var tenant = await fixture.TenantAsync();
        var token = await fixture.SignInAsync(tenant);
        await using var other = fixture.Another();
        await _app.AskAsync(token, "finance/coa");
        await _app.AskAsync(token, "sales/pipeline-stages");
        Assert.True((await other.AskAsync(token, "finance/coa")).FromCache());
        await AddAccountAsync(tenant, "1999");
        Assert.False(Has(await _app.AskAsync(token, "finance/coa"), "1999"));

        var told = await SucceedAsync(Events, $$"""{"event":"ACCOUNT_CREATED","tenantId":"{{tenant}}"}""");

        Assert.Equal(
            ["finance:coa", "finance:trial-balance", "finance:gl-balances"],
            told.GetProperty("entities").EnumerateArray().Select(name => name.GetString())
        );
        var answer = await _app.AskAsync(token, "finance/coa");
        Assert.Equal((false, true), (answer.FromCache(), Has(answer, "1999")));
        Assert.True((await _app.AskAsync(token, "sales/pipeline-stages")).FromCache());
        await Eventually.TrueAsync(
            async () => Has(await other.AskAsync(token, "finance/coa"), "1999"),
            "the other node shows the new account"
        );
    }

    /// <summary>
    /// SPEC G5: why an entry carries a generation: what was read before an invalidation, by a load or a warm, does not come back after
    /// it.
    /// </summary>
    [Fact]
    public async Task Entry_ReadBeforeAnInvalidation_IsAMissAfterIt()
    {
        var tenant = await fixture.TenantAsync();
        var token = await fixture.SignInAsync(tenant);
        var entity = ReferenceCatalog.Find("finance", "coa")!;
        var key = entity.Key(tenant, []);
        var before = await _app.Get<TenantGenerations>().OfAsync(tenant, entity.FullName, Ct);

        await AddAccountAsync(tenant, "1998");
        await SucceedAsync(Events, $$"""{"event":"ACCOUNT_CREATED","tenantId":"{{tenant}}"}""");
        Assert.True(Has(await _app.AskAsync(token, "finance/coa"), "1998"));

        // Both write whatever is there: with what they read before, they can only make a miss.
        await _app.Cache.StringSetAsync(
            key,
            CacheEntry.Write(key, TimeProvider.System.GetUtcNow(), before, """{"items":[]}"""u8),
            TimeSpan.FromHours(1)
        );
        await using var other = fixture.Another();
        var answer = await other.AskAsync(token, "finance/coa");
        Assert.Equal((false, true), (answer.FromCache(), Has(answer, "1998")));
    }

    /// <summary>SPEC G5: by pattern, of a tenant or of all, and all; nothing that was not meant.</summary>
    [Theory]
    [InlineData("""{"pattern":"finance:*"}""", "mine finance:coa, theirs finance:coa")]
    [InlineData("""{"pattern":"sales:k*","tenantId":"MINE"}""", "mine sales:kits")]
    [InlineData("""{"tenantId":"MINE"}""", "mine finance:coa, mine sales:kits")]
    [InlineData("""{"all":true}""", "mine finance:coa, mine sales:kits, theirs finance:coa, theirs sales:kits")]
    public async Task Invalidate_G5_ByPatternTenantOrAll_ReachesExactlyThat(string body, string expected)
    {
        Dictionary<string, Guid> tenants = new() { ["mine"] = await fixture.TenantAsync(), ["theirs"] = await fixture.TenantAsync() };
        Dictionary<string, string> tokens = new()
        {
            ["mine"] = await fixture.SignInAsync(tenants["mine"]),
            ["theirs"] = await fixture.SignInAsync(tenants["theirs"]),
        };
        (string Who, string Entity)[] asked =
        [
            ("mine", "finance:coa"),
            ("mine", "sales:kits"),
            ("theirs", "finance:coa"),
            ("theirs", "sales:kits"),
        ];
        foreach (var (who, entity) in asked)
            await _app.AskAsync(tokens[who], entity.Replace(':', '/'));

        await SucceedAsync(Invalidate, body.Replace("MINE", $"{tenants["mine"]:D}", StringComparison.Ordinal));

        List<string> anew = [];
        foreach (var (who, entity) in asked)
        {
            if (!(await _app.AskAsync(tokens[who], entity.Replace(':', '/'))).FromCache())
                anew.Add($"{who} {entity}");
        }
        Assert.Equal(expected, string.Join(", ", anew));
    }

    /// <summary>
    /// SPEC G5: a node that heard nothing learns of it from PostgreSQL, and misses none of many that were raised at once.
    /// </summary>
    [Fact]
    public async Task Generations_RaisedAtOnceByMany_AreAllLearned()
    {
        var tenant = await fixture.TenantAsync();
        using TenantGenerations deaf = new(_app.Database);
        await deaf.OfAsync(tenant, "finance:coa", Ct);
        using CancellationTokenSource stop = new();
        var watching = Task.Run(
            async () =>
            {
                while (!stop.IsCancellationRequested)
                    await deaf.RefreshAsync(Ct);
            },
            Ct
        );

        var raised = await Task.WhenAll(
            Enumerable
                .Range(0, 40)
                .Select(async number =>
                {
                    using TenantGenerations node = new(_app.Database);
                    var entity = ReferenceCatalog.All[number % ReferenceCatalog.All.Count].FullName;
                    return (Entity: entity, Generation: await node.RaiseAsync(tenant, [entity], Ct));
                })
        );
        await stop.CancelAsync();
        await watching;
        await deaf.RefreshAsync(Ct);

        Assert.Equal(40, raised.Select(one => one.Generation).Distinct().Count());
        foreach (var entity in raised.GroupBy(one => one.Entity))
            Assert.Equal(entity.Max(one => one.Generation), await deaf.OfAsync(tenant, entity.Key, Ct));
    }

    [Theory]
    [InlineData("")]
    [InlineData("moon")]
    [InlineData("1 2")]
    [InlineData("x TENANT finance:coa")]
    [InlineData("-99 TENANT finance:coa")]
    [InlineData("99 TENANT")]
    [InlineData("99 nobody finance:coa")]
    public async Task Channel_MessageOfAnotherForm_ChangesNothing(string message)
    {
        var (tenant, other) = (await fixture.TenantAsync(), await fixture.TenantAsync());
        var before = await _app.Get<TenantGenerations>().OfAsync(tenant, "finance:coa", Ct);
        var text = $"raised {message.Replace("TENANT", $"{tenant:D}", StringComparison.Ordinal)}";
        Assert.False(CacheChannel.TryReadRaised(Encoding.UTF8.GetBytes(text), out _, out _, out _));

        await HearAsync(other, text);

        Assert.Equal(before, await _app.Get<TenantGenerations>().OfAsync(tenant, "finance:coa", Ct));
    }

    /// <summary>SPEC G5: at once, without asking PostgreSQL, where this number is not.</summary>
    [Fact]
    public async Task Channel_Raised_IsKnownToANodeThatHears()
    {
        var tenant = await fixture.TenantAsync();

        await HearAsync(tenant);

        await using var command = _app.Database.CreateCommand("select max(generation) from erp.generations");
        Assert.True(await command.ExecuteScalarAsync(Ct) is DBNull or < Distant);
    }

    [Theory]
    [InlineData(Events, """{"event":"MOON_LANDED"}""", "event", "must be one of ACCOUNT_CREATED")]
    [InlineData(Events, """{}""", "event", "must be given")]
    [InlineData(Events, """{"event":1}""", "event", "not 1")]
    [InlineData(Events, """{"event":"ACCOUNT_CREATED","tenantId":"moon"}""", "tenantId", "not \"moon\"")]
    [InlineData(
        Events,
        """{"event":"ACCOUNT_CREATED","tenantId":"019a0000-0000-7000-8000-000000000001"}""",
        "tenantId",
        "There is no tenant"
    )]
    [InlineData(Events, """{"event":"ACCOUNT_CREATED","tenant":"x"}""", "tenant", "is not known")]
    [InlineData(Events, "[]", "body", "must be an object")]
    [InlineData(Invalidate, """{}""", "body", "must have pattern")]
    [InlineData(Invalidate, "", "body", "must have pattern")]
    [InlineData(Invalidate, """{"all":false}""", "body", "must have pattern")]
    [InlineData(Invalidate, """{"all":true,"pattern":"finance:*"}""", "all", "must not be given with")]
    [InlineData(Invalidate, """{"all":"yes"}""", "all", "not \"yes\"")]
    [InlineData(Invalidate, """{"pattern":"moon:*"}""", "pattern", "it is \"moon:*\"")]
    [InlineData(Invalidate, """{"pattern":"*"}""", "pattern", "module:entity")]
    [InlineData(Invalidate, """{"tenantId":7}""", "tenantId", "not 7")]
    public async Task Post_ThatCannotBe_Is400ByField(string path, string body, string field, string words)
    {
        using var answer = await _app.PostAsync(await fixture.SignInAsync(null, "admin"), path, body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var problem = JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync(Ct));
        Assert.Contains(words, Assert.Single(problem.GetProperty("errors").GetProperty(field).EnumerateArray()).GetString());
    }

    [Theory]
    [InlineData(Events)]
    [InlineData(Invalidate)]
    public async Task Post_ByOthers_Is401Or403(string path)
    {
        using var nobody = await _app.PostAsync(null, path, """{"all":true}""");
        using var user = await _app.PostAsync(await fixture.SignInAsync(await fixture.TenantAsync()), path, """{"all":true}""");
        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden), (nobody.StatusCode, user.StatusCode));
    }

    /// <summary>
    /// Publishes until the node, which may not listen yet, has heard that the tenant's accounts were raised to <see cref="Distant"/>.
    /// </summary>
    /// <param name="first">Published before it.</param>
    private Task HearAsync(Guid tenant, string? first = null) =>
        Eventually.TrueAsync(
            async () =>
            {
                RedisChannel channel = new(CacheChannel.Name, RedisChannel.PatternMode.Literal);
                if (first is not null)
                    await _app.Cache.PublishAsync(channel, first);
                await _app.Cache.PublishAsync(channel, CacheChannel.Raised(tenant, ["sales:kits", "finance:coa"], Distant));
                return await _app.Get<TenantGenerations>().OfAsync(tenant, "finance:coa", Ct) == Distant;
            },
            "the node hears of it"
        );

    private async Task<JsonElement> SucceedAsync(string path, string body)
    {
        using var answer = await _app.PostAsync(await fixture.SignInAsync(null, "admin"), path, body);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync(Ct));
    }

    private Task AddAccountAsync(Guid tenant, string code) =>
        _app.Database.ExecuteAsync("insert into erp.accounts (tenant_id, code, name, type) values ($1, $2, 'New', 'asset')", tenant, code);

    private static bool Has(JsonElement answer, string code) => answer.Items().Any(item => item.GetProperty("code").GetString() == code);
}
