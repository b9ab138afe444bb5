using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Overnight.Jobs.Pipeline;
using Overnight.Tests.Harness;
using Overnight.Tests.Providers;

namespace Overnight.Tests.Pipeline;

/// <summary>SPEC A8b: the messages of a run that other programs read.</summary>
public sealed class RunLogTests(TestServers servers)
{
    [Fact]
    public async Task Run_A8b_LogsItsStartBatchesAndFailedUsersByCorrelationIdAndNoUserWhole()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var night = await PipelineFixture.CreateAsync(servers, 3, ct);
        var culprit = await night.ScalarAsync<Guid>("select user_id from holdings group by 1 order by 1 limit 1", ct);
        await night.ExecuteAsync("update portfolios set criteria_version = null where user_id = $1", ct, culprit);
        LogLines log = new();
        night.Services.GetRequiredService<ILoggerFactory>().AddProvider(new LogLinesProvider(log));

        var run = await night.RunAsync(ct);

        var id = $"correlation id {run.CorrelationId} ";
        Assert.Contains($"Information run started: scoring of NYSE, users: 3, {id}", log.All);
        Assert.Single(log.All, line =>
            line.StartsWith("Information batch processed: number 0, users: 3, took 00:00:0", StringComparison.Ordinal)
            && line.EndsWith(id, StringComparison.Ordinal)
        );
        Assert.Contains($"Warning user failed: {RunLog.Masked(culprit)} at stage load, no_criteria, {id}", log.All);
        Assert.Contains(log.All, line =>
            line.Contains($"(NYSE, {run.BusinessDate:yyyy-MM-dd}, revision 1) is planned.", StringComparison.Ordinal)
        );
        Assert.DoesNotContain(log.All, line => line.Contains($"{culprit}", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Run_A8b_LogsTwentyUsersOfAReasonAndThenHowManyThereWere()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var night = await PipelineFixture.CreateAsync(servers, 60, ct, batchSize: 10);
        await night.ExecuteAsync(
            "update portfolios set criteria_version = null where user_id in (select user_id from portfolios order by 1 limit 33)",
            ct
        );
        LogLines log = new();
        night.Services.GetRequiredService<ILoggerFactory>().AddProvider(new LogLinesProvider(log));

        var run = await night.RunAsync(ct);

        Assert.Equal("partial", run.Status);
        Assert.Equal(20, log.All.Count(line => line.StartsWith("Warning user failed: ***", StringComparison.Ordinal)));
        Assert.Single(log.All, line =>
            line.StartsWith("Warning user failed: in all 33 at stage load, no_criteria, see run_failures", StringComparison.Ordinal)
        );
    }
}
