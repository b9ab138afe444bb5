using Overnight.Core;
using Overnight.Core.Runs;
using Overnight.Tests.Harness;
using Overnight.Tests.Scheduling;

namespace Overnight.Tests.Pipeline;

/// <summary>SPEC A2: what starts a run, joins one, or starts its next revision.</summary>
public sealed class RunTriggerTests(TestServers servers)
{
    [Fact]
    public async Task SecondTrigger_UnfinishedOrFinished_JoinsTheRun_AndAgainStartsTheNextRevision()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var night = await PipelineFixture.CreateAsync(servers, 10, ct);
        var (first, started) = await night.Runs.StartOrJoinAsync("NYSE", null, RunTrigger.Schedule, again: false, ct);
        Assert.True(started);

        // --again joins, too, while the run is not finished.
        foreach (var again in new[] { false, true })
        {
            var (joined, startedAgain) = await night.Runs.StartOrJoinAsync("NYSE", null, RunTrigger.Manual, again, ct);
            Assert.Equal((first.Id, false), (joined.Id, startedAgain));
        }
        await night.Participant.WorkAsync(first, ct);
        Assert.Equal((first.Id, false), await StartAsync(night, RunTrigger.Schedule, false, ct));
        var (second, isNew) = await StartAsync(night, RunTrigger.Manual, true, ct);
        Assert.True(isNew);
        Assert.Equal(2, (await night.Runs.FindAsync(second, ct))!.Revision);
    }

    [Fact]
    public async Task ManyTriggersAtOnce_OneRun()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var night = await PipelineFixture.CreateAsync(servers, 10, ct);

        var all = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => StartAsync(night, RunTrigger.Schedule, false, ct)));

        Assert.Single(all, one => one.Started);
        Assert.Single(all.Select(one => one.Id).Distinct());
    }

    [Fact]
    public async Task NextRevision_ReplacesWhatIsCurrent_AndAnEarlierDateDoesNot()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var night = await PipelineFixture.CreateAsync(servers, 10, ct);
        var first = await night.RunAsync(ct);
        var second = await night.RunAsync(ct, again: true);
        Assert.Equal(10, await night.ScalarAsync<long>("select count(*) from current_results where run_id = $1", ct, second.Id));

        var (earlier, _) = await night.Runs.StartOrJoinAsync("NYSE", TradingDayBefore(first.BusinessDate), RunTrigger.Manual, false, ct);
        await night.Participant.WorkAsync(earlier, ct);

        Assert.Equal(10, await night.ScalarAsync<long>("select count(*) from current_results where run_id = $1", ct, second.Id));
        await night.AssertExactlyOnceAsync(earlier.Id, 10, 0, ct);
    }

    [Theory]
    [InlineData("MARS", null, "market", "Known: B3, LSE, NYSE, TSE, XETRA")]
    [InlineData("NYSE", "1999-01-01", "date", "between")]
    [InlineData("NYSE", "2999-01-01", "date", "between")]
    public async Task Start_UnknownMarketOrImpossibleDate_NamesFieldAndBound(string market, string? date, string field, string words)
    {
        var ct = TestContext.Current.CancellationToken;
        await using var night = await PipelineFixture.CreateAsync(servers, 1, ct);

        var exception = await Assert.ThrowsAsync<RequestException>(() =>
            night.Runs.StartOrJoinAsync(market, date is null ? null : DateOnly.Parse(date), RunTrigger.Manual, false, ct)
        );

        Assert.Equal(field, exception.Field);
        Assert.Contains(words, exception.Message, StringComparison.Ordinal);
    }

    private static DateOnly TradingDayBefore(DateOnly date) =>
        TestMarkets.Market("NYSE").Days(date.AddDays(-7), date.AddDays(-1)).First(day => day.IsOpen).Date;

    private static async Task<(Guid Id, bool Started)> StartAsync(
        PipelineFixture night,
        RunTrigger trigger,
        bool again,
        CancellationToken ct
    )
    {
        var (run, started) = await night.Runs.StartOrJoinAsync("NYSE", null, trigger, again, ct);
        return (run.Id, started);
    }
}
