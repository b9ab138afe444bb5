using System.Text.Json;
using Overnight.Core.Auditing;
using Overnight.Core.Market;
using Overnight.Core.Recommendations;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Pipeline;

/// <summary>SPEC A4, B1, D4: a run that a build without names planned is finished, stored, served and shown in that build's form.</summary>
public sealed class EarlierSnapshotTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task D4_RunPlannedWithoutNames_IsFinishedServedAndShownWithoutThem()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 30, Ct);
        var (run, market) = await night.PlanAsync();
        Assert.True(market.HasNames);
        var snapshot = await ReplaceSnapshotAsync(night, run.Id, market);

        await night.Participant.WorkAsync(run, Ct);

        await night.AssertExactlyOnceAsync(run.Id, 30, 0, Ct);
        Assert.Equal(
            0,
            await night.ScalarAsync<long>(
                "select count(*) from calculation_results where run_id = $1 and convert_from(recommendations, 'UTF8')::json -> 'classes' is not null",
                Ct,
                run.Id
            )
        );
        var user = await night.ScalarAsync<Guid>("select min(user_id::text)::uuid from calculation_results where run_id = $1", Ct, run.Id);
        var inputs = EventCodec.ReadInputs(
            await night.ScalarAsync<byte[]>("select payload from calculation_events where user_id = $1 and type = 2", Ct, user)
        );
        Assert.Equal((ResultWriter.WithoutNames, snapshot), (inputs.WriterVersion, inputs.SnapshotId));

        await using ApiApp app = new(night.DatabaseConnection, await servers.CacheConnectionStringAsync(Ct));
        using var served = await JsonAsync(app, "/api/dashboard", await app.Database.AddSessionAsync(user));
        var data = served.RootElement.GetProperty("data");
        Assert.Equal(["leftOut", "run", "schema"], data.EnumerateObject().Select(p => p.Name).SkipWhile(n => n != "leftOut").Take(3));
        Assert.Equal("breakdown", data.GetProperty("recommendations")[0].EnumerateObject().Last().Name);
        using var shown = await JsonAsync(app, $"/api/calculations/{run.Id}/{user}", (await app.Database.SignInAsync("admin")).Token);
        var captured = shown.RootElement.GetProperty("events")[1];
        Assert.Equal(ResultWriter.WithoutNames, captured.GetProperty("writerVersion").GetInt32());
        Assert.All(captured.GetProperty("holdings").EnumerateArray(), h =>
            Assert.Equal(JsonValueKind.Null, h.GetProperty("name").ValueKind)
        );
    }

    /// <summary>Puts a snapshot as the build before encoded it in the place of the run's.</summary>
    private static async Task<Guid> ReplaceSnapshotAsync(PipelineFixture night, Guid run, MarketSnapshot market)
    {
        MarketSnapshot earlier = new(market.Header, [.. market.Assets.Select(a => a with { Name = null })], market.Rates, market.Staleness);
        var (id, payload) = (Guid.CreateVersion7(), MarketSnapshotCodec.Encode(earlier));
        Assert.InRange(payload[0], 1, 2);
        await night.ExecuteAsync(
            """
            insert into market_snapshots (id, market, business_date, taken_at, prices_as_of, rates_as_of, payload)
            select $2, market, business_date, taken_at, prices_as_of, rates_as_of, $3 from market_snapshots where id = $1
            """,
            Ct,
            market.Header.Id,
            id,
            payload
        );
        await night.ExecuteAsync("update overnight_job_runs set snapshot_id = $2 where id = $1", Ct, run, id);
        return id;
    }

    private static async Task<JsonDocument> JsonAsync(ApiApp app, string path, string token)
    {
        using var response = await app.GetAsync(path, token, Ct);
        response.EnsureSuccessStatusCode();
        return JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(Ct));
    }
}
