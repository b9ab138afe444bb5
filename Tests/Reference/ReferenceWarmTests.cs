using System.Net;
using System.Text.Json;
using Overnight.Core.Actions;
using Overnight.Core.Reference;
using Overnight.Core.Warming;
using Overnight.Jobs.Demo;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Warming;

namespace Overnight.Tests.Reference;

/// <summary>Warming reference data: three phases, every tenant or one.</summary>
public sealed class ReferenceWarmTests(ReferenceFixture fixture, TestServers servers) : IClassFixture<ReferenceFixture>
{
    private static readonly string[] Phases = ["reference-essential", "reference-master", "reference-computed"];
    private readonly ApiApp _app = fixture.App;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>SPEC G1, G4: of every tenant in PostgreSQL; what is warm is answered without a query.</summary>
    [Fact]
    public async Task Warm_G1_ThreePhases_WarmsEveryTenantInOrder()
    {
        Guid[] tenants = [await fixture.TenantAsync(), await fixture.TenantAsync()];
        await using var warm = fixture.Warming();
        var warmer = warm.Get<Warmer>();
        var sets = warmer.Find(Phases);
        Assert.Equal([WarmPhase.Essential, WarmPhase.Master, WarmPhase.Computed], sets.Select(set => set.Declaration.Phase));
        var estimate = 0L;
        foreach (var set in sets)
            estimate += await set.EstimateAsync(new(null, null, null, default), Ct);

        var report = await warmer.WarmAsync(sets, new(WarmTrigger.Manual), null, Ct);

        Assert.All(report.Sets, set => Assert.Equal((WarmStatus.Completed, 0L), (set.Status, set.Failed)));
        Assert.Equal(Phases, report.Sets.Select(set => set.Set));
        Assert.Equal(estimate, report.Warmed);
        foreach (var tenant in tenants)
        {
            var token = await fixture.SignInAsync(tenant);
            foreach (var (path, entity, _) in await ReferenceClient.QuestionsAsync(_app.Database, tenant))
            {
                var answer = await _app.AskAsync(token, path);
                Assert.True(answer.FromCache() == entity.Phase is not null, path);
            }
            foreach (
                var path in (string[])
                    [
                        "sales/materials?page=9",
                        "sales/customers?page=4",
                        "procurement/vendors?page=4",
                        "finance/trial-balance?period=previous",
                    ]
            )
                Assert.True((await _app.AskAsync(token, path)).FromCache(), path);
        }
    }

    /// <summary>What a warm makes of many is, byte by byte, what a reader's question makes of one.</summary>
    [Fact]
    public async Task Warm_AndRead_GiveTheSameBytes()
    {
        var tenant = await fixture.TenantAsync();
        var token = await fixture.SignInAsync(tenant);
        await using var warm = fixture.Warming();
        var warmer = warm.Get<Warmer>();
        await warmer.WarmAsync(warmer.Find(Phases), new(WarmTrigger.Manual, Tenant: tenant), null, Ct);
        string[] paths =
        [
            .. (await ReferenceClient.QuestionsAsync(_app.Database, tenant))
                .Where(question => question.Entity.Phase is not null)
                .Select(question => question.Path),
            "sales/materials?page=10",
            "sales/customers?page=5",
        ];
        Dictionary<string, string> warmed = [];
        foreach (var path in paths)
            warmed[path] = (await _app.AskAsync(token, path)).GetProperty("data").GetRawText();

        await _app.Get<ReferenceInvalidation>().InvalidateAsync(tenant, null, Actor.Command, null, Ct);

        foreach (var path in paths)
        {
            var read = await _app.AskAsync(token, path);
            Assert.Equal((false, warmed[path]), (read.FromCache(), read.GetProperty("data").GetRawText()));
        }
    }

    /// <summary>SPEC G4: one tenant by hand.</summary>
    [Fact]
    public async Task Warm_G4_OneTenant_LeavesTheOthers()
    {
        var (mine, theirs) = (await fixture.TenantAsync(), await fixture.TenantAsync());
        using var answer = await _app.PostAsync(
            await fixture.SignInAsync(null, "admin"),
            "/api/admin/cache/warm",
            $$"""{"tenant":"{{mine}}"}"""
        );
        var body = JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync(Ct));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(Phases, body.GetProperty("sets").EnumerateArray().Select(set => set.GetProperty("set").GetString()));
        var entity = ReferenceCatalog.Find("finance", "coa")!;
        Assert.Equal(
            (true, false),
            (await _app.Cache.KeyExistsAsync(entity.Key(mine, [])), await _app.Cache.KeyExistsAsync(entity.Key(theirs, [])))
        );
    }

    [Theory]
    [InlineData("""{"tenant":"moon"}""", "tenant", "not \"moon\"")]
    [InlineData("""{"tenant":"019a0000-0000-7000-8000-000000000001"}""", "tenant", "There is no tenant")]
    [InlineData("""{"tenant":"MINE","sets":["sessions"]}""", "sets", "is not per tenant")]
    public async Task Warm_OneTenantThatCannotBe_Is400ByField(string body, string field, string words)
    {
        var tenant = await fixture.TenantAsync();
        using var answer = await _app.PostAsync(
            await fixture.SignInAsync(null, "admin"),
            "/api/admin/cache/warm",
            body.Replace("MINE", $"{tenant:D}", StringComparison.Ordinal)
        );
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var problem = JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync(Ct));
        Assert.Contains(words, Assert.Single(problem.GetProperty("errors").GetProperty(field).EnumerateArray()).GetString());
    }

    /// <summary>SPEC G1: the third phase is optional: by hand only, where configuration says so.</summary>
    [Theory]
    [InlineData("true", 3)]
    [InlineData("false", 2)]
    public async Task Warm_G1_ComputedSwitchedOff_IsNotDueByItself(string computed, int phases)
    {
        var cache = await servers.StartCacheAsync(Ct);
        await using var warm = await WarmFixture.CreateAsync(
            servers,
            Ct,
            cache.ConnectionString,
            null,
            ("Warming:Reference:Computed", computed)
        );
        var due = await warm.Get<DueWarmSets>().FindAsync(null, Ct);
        Assert.Equal(Phases[..phases], due.Select(set => set.Set.Name).Where(Phases.Contains));
    }

    /// <summary>SPEC G1: 30 s, past which it stops and says what it left.</summary>
    [Fact]
    public async Task Warm_G1_PhasePastItsWindow_StopsAndSaysWhatItLeft()
    {
        var cache = await servers.StartCacheAsync(Ct);
        TestClock time = new();
        await using var warm = await WarmFixture.CreateAsync(servers, Ct, cache.ConnectionString, time);
        await new DemoTenantSeeder(warm.Database, time).SeedAsync(2, 1, null, Ct);
        var essential = Assert.Single(warm.Get<Warmer>().Find([Phases[0]]));
        Assert.Equal([30, 30, 60], warm.Get<Warmer>().Find(Phases).Select(set => (int)set.Declaration.TimeLimit.TotalSeconds));
        // A phase that waits for the one before it is not late for that.
        Assert.Equal(
            [1_800, 1_800, 150],
            warm.Get<Warmer>()
                .Find(Phases)
                .Select(set => (int)(WarmDeadlines.Deadline(set.Declaration, time.GetUtcNow()) - time.GetUtcNow()).TotalSeconds)
        );
        var all = await essential.EstimateAsync(new(null, null, null, default), Ct);
        await using var held = await HeldLock.TakeAsync(warm.Database, "lock table erp.pipeline_stages");

        var warming = warm.WarmAsync(Phases[0], Ct);
        await held.WaiterAsync(warming);
        time.Advance(TimeSpan.FromSeconds(30));
        var outcome = await warming;

        Assert.Equal((WarmStatus.Partial, true, 0, all), (outcome.Status, outcome.IsCutShort, outcome.Warmed, outcome.Left));
        Assert.Equal(
            $"{all}",
            await warm.ScalarAsync<string>(
                "select metrics ->> 'entries_left' from overnight_job_runs where metrics ->> 'set' = $1",
                Phases[0]
            )
        );
        Assert.Contains(warm.Log.All, line => line.Contains($"left by estimate: {all};", StringComparison.Ordinal));
    }

    /// <summary>A warm that broke goes on behind the last tenant that is done.</summary>
    [Fact]
    public async Task Warm_ThatBroke_GoesOnBehindTheTenantItReached()
    {
        Guid[] tenants = [await fixture.TenantAsync(), await fixture.TenantAsync()];
        await using var warm = fixture.Warming();
        var set = Assert.Single(warm.Get<Warmer>().Find([Phases[0]]));
        var before = tenants.Min();
        var order = new WarmSetRequest(null, null, $"{before:D}", default);

        List<WarmStep> steps = [];
        await foreach (var step in set.WarmAsync(order, Ct))
            steps.Add(step);

        var entity = ReferenceCatalog.Find("sales", "pipeline-stages")!;
        Assert.Equal(
            (false, true),
            (await warm.Cache.KeyExistsAsync(entity.Key(before, [])), await warm.Cache.KeyExistsAsync(entity.Key(tenants.Max(), [])))
        );
        Assert.Equal($"{tenants.Max():D}", steps[^1].Reached);
    }

    /// <summary>One entity that can't be read is a failure of its own; the others are warmed.</summary>
    [Fact]
    public async Task Warm_EntityThatCanNotBeRead_FailsAlone()
    {
        var tenant = await fixture.TenantAsync();
        await using var warm = fixture.Warming();
        var set = Assert.Single(warm.Get<Warmer>().Find([Phases[1]]));
        await warm.Database.ExecuteAsync("alter table erp.pricing_rules rename column priority to rank");
        try
        {
            List<WarmStep> steps = [];
            await foreach (var step in set.WarmAsync(new(null, tenant, null, default), Ct))
                steps.Add(step);
            Assert.Equal(1, steps.Sum(step => step.Failed));
            Assert.True(await warm.Cache.KeyExistsAsync(ReferenceCatalog.Find("sales", "kits")!.Key(tenant, [])));
        }
        finally
        {
            await warm.Database.ExecuteAsync("alter table erp.pricing_rules rename column rank to priority");
        }
    }

    [Fact]
    public async Task Warm_LimitedByHand_WritesNoMore()
    {
        var tenant = await fixture.TenantAsync();
        await using var warm = fixture.Warming();
        var set = Assert.Single(warm.Get<Warmer>().Find([Phases[1]]));
        var written = 0;
        await foreach (var step in set.WarmAsync(new(7, tenant, null, default), Ct))
            written += step.Warmed;
        Assert.Equal(7, written);
    }
}
