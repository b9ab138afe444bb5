using System.Net;
using Overnight.Jobs.Demo;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Reference;

/// <summary>SPEC G5: reference data while the cache or PostgreSQL is away.</summary>
public sealed class ReferenceOutageTests(TestServers servers)
{
    private static readonly Dictionary<string, string> Quick = new()
    {
        ["Cache:BreakDuration"] = "00:00:00.2",
        ["Cache:BeatInterval"] = "00:00:00.2",
    };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Get_DatabaseAway_AnswersWhatIsCachedAnd503ForTheRest()
    {
        var cache = await servers.StartCacheAsync(Ct);
        var folder = await servers.CreateFolderAsync();
        var postgres = await servers.StartPostgresAsync(Ct, folder);
        var connection = await TestRoles.MigrateAsync(postgres.ConnectionString("postgres"), "overnight", Ct);
        await using ApiApp app = new(connection, cache.ConnectionString, settings: Quick);
        var token = await TenantAsync(app);
        var before = await app.AskAsync(token, "finance/coa");

        await postgres.StopAsync();
        var cached = await app.AskAsync(token, "finance/coa");
        using var missing = await app.GetAsync("/api/reference/sales/kits", token, Ct);

        Assert.Equal((true, before.GetProperty("data").GetRawText()), (cached.FromCache(), cached.GetProperty("data").GetRawText()));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, missing.StatusCode);
        Assert.NotNull(missing.Headers.RetryAfter);

        await servers.StartPostgresAsync(Ct, folder, postgres.Port);
        await Eventually.TrueAsync(
            async () => (await app.GetAsync("/api/reference/sales/kits", token, Ct)).IsSuccessStatusCode,
            "PostgreSQL is asked again"
        );
    }

    [Fact]
    public async Task Get_CacheAway_AnswersFromPostgres()
    {
        var cache = await servers.StartCacheAsync(Ct);
        await using ApiApp app = new(await servers.CreateDatabaseAsync(Ct), cache.ConnectionString, settings: Quick);
        var token = await TenantAsync(app);
        await app.AskAsync(token, "finance/coa");

        await cache.StopAsync();

        await Eventually.TrueAsync(async () => !(await app.AskAsync(token, "finance/coa")).FromCache(), "memory is emptied too");
        using var answer = await app.PostAsync(await AdminAsync(app), "/api/admin/cache/invalidate", """{"all":true}""");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.False((await app.AskAsync(token, "sales/kits")).FromCache());
    }

    private static async Task<string> TenantAsync(ApiApp app)
    {
        var seed = Random.Shared.NextInt64();
        await new DemoTenantSeeder(app.Database, TimeProvider.System).SeedAsync(1, seed, null, Ct);
        var user = await app.Database.AddUserAsync();
        await app.Database.ExecuteAsync("update users set tenant_id = $2 where id = $1", user, DemoIds.Tenant(seed, 1));
        return await app.Database.AddSessionAsync(user);
    }

    private static async Task<string> AdminAsync(ApiApp app) =>
        await app.Database.AddSessionAsync(await app.Database.AddUserAsync("admin"));
}
