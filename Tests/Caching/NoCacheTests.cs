using System.Net;
using System.Text.Json;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Input;
using Overnight.Tests.Pipeline;

namespace Overnight.Tests.Caching;

/// <summary>SPEC H: without any cache configured everything works from PostgreSQL, and says so.</summary>
public sealed class NoCacheTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task H_WithoutACache_TheNightAndTheDashboardWorkFromPostgres()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 10, Ct, cache: "");
        var run = await night.RunAsync(Ct);
        Assert.Equal("completed", run.Status);
        Assert.Equal(0, await night.ScalarAsync<long>("select count(*) from run_batches where cached_at is not null", Ct));
        var command = await JobsCommand.RunAsync(servers, night.DatabaseConnection, Ct, "run");
        Assert.Equal(0, command.ExitCode);
        var doctor = await JobsCommand.RunAsync(servers, night.DatabaseConnection, Ct, "doctor");
        Assert.DoesNotContain("cache", doctor.Output, StringComparison.OrdinalIgnoreCase);

        await using ApiApp app = new(night.DatabaseConnection, "");
        var token = await app.Database.AddSessionAsync(await night.ScalarAsync<Guid>("select user_id from portfolios limit 1", Ct));
        using var answer = await app.GetAsync("/api/dashboard", token, Ct);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.False(
            JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync(Ct)).GetProperty("data").GetProperty("fromCache").GetBoolean()
        );
        using var health = await app.GetAsync("/health", null, Ct);
        Assert.DoesNotContain("cache", await health.Content.ReadAsStringAsync(Ct), StringComparison.OrdinalIgnoreCase);
        var (_, admin) = await app.Database.SignInAsync("admin");
        using var figures = await app.GetAsync("/api/admin/cache/stats", admin, Ct);
        Assert.Equal("none", JsonElement.Parse(await figures.Content.ReadAsByteArrayAsync(Ct)).GetProperty("circuit").GetString());
    }
}
