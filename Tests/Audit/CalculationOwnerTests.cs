using System.Text.Json;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Pipeline;

namespace Overnight.Tests.Audit;

/// <summary>SPEC D2: the calculations of a user are no other user's.</summary>
public sealed class CalculationOwnerTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task D2_CalculationsOfAUserInNoRun_AreNone()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 10, Ct);
        await night.RunAsync(Ct);
        await using ApiApp app = new(night.DatabaseConnection, night.CacheConnection);
        var computed = await night.ScalarAsync<Guid>("select user_id from current_results order by 1 limit 1", Ct);
        var (stranger, _) = await app.Database.SignInAsync();
        var (_, admin) = await app.Database.SignInAsync("admin");

        Assert.Equal(1, await CountAsync(computed));
        Assert.Equal(0, await CountAsync(stranger));

        async Task<int> CountAsync(Guid user)
        {
            using var answer = await app.GetAsync($"/api/calculations?user={user}", admin, Ct);
            using var page = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(Ct));
            return page.RootElement.GetProperty("items").GetArrayLength();
        }
    }
}
