using System.Net;
using System.Text.Json;
using Overnight.Core.Notices;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Pipeline;
using Overnight.Tests.Providers;

namespace Overnight.Tests.Notices;

/// <summary>SPEC D6: roots leave the database by the log and by webhooks, as they are published.</summary>
public sealed class SealNoticeTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task D6_SealOfARun_IsToldAsItIsPublished_ToTargetsThatNameItAlone()
    {
        await using var night = await PipelineFixture.CreateAsync(
            servers,
            5,
            Ct,
            settings: new Dictionary<string, string?>
            {
                ["Webhooks:Targets:roots:Url"] = "https://hooks.example/roots",
                ["Webhooks:Targets:roots:Secret"] = Outbox.Secret,
                ["Webhooks:Targets:roots:Events:0"] = NoticeEvents.RunSealed,
                ["Webhooks:Targets:ops:Url"] = "https://hooks.example/ops",
                ["Webhooks:Targets:ops:Secret"] = Outbox.Secret,
            }
        );

        var run = await night.RunAsync(Ct);

        Assert.Equal(
            "run.sealed roots",
            await night.ScalarAsync<string>(
                "select string_agg(n.event || ' ' || d.target, ', ') from notices n join notice_deliveries d on d.notice_id = n.id",
                Ct
            )
        );
        var told = JsonElement.Parse(await night.ScalarAsync<byte[]>("select body from notices", Ct)).GetProperty("data");
        Assert.Equal(run.Id, told.GetProperty("runId").GetGuid());
        await using ApiApp app = new(night.DatabaseConnection, night.CacheConnection);
        using var answer = await app.GetAsync("/api/roots", null, Ct);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var published = JsonElement.Parse(await answer.Content.ReadAsStringAsync(Ct)).GetProperty("items")[0];
        foreach (
            var field in (string[])
                ["sequence", "runId", "market", "businessDate", "revision", "root", "snapshotHash", "sealedAt", "previous", "hash"]
        )
            Assert.Equal(published.GetProperty(field).GetRawText(), told.GetProperty(field).GetRawText());
    }

    [Fact]
    public async Task D6_SealOfARun_IsLogged_AndToldNobodyWhereNoTargetNamesIt()
    {
        LogLines lines = new();
        await using var night = await PipelineFixture.CreateAsync(servers, 5, Ct, logs: new LogLinesProvider(lines));

        await night.RunAsync(Ct);

        var root = await night.ScalarAsync<string>("select encode(root, 'hex') from seals", Ct);
        Assert.Contains(lines.All, line => line.Contains($"is number 1 of the chain: root {root}, seal ", StringComparison.Ordinal));
        Assert.Equal(0, await night.ScalarAsync<long>("select count(*) from notices", Ct));
    }
}
