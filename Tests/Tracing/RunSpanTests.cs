using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Overnight.Core.Runs;
using Overnight.Jobs.Pipeline;
using Overnight.Tests.Harness;
using Overnight.Tests.Pipeline;

namespace Overnight.Tests.Tracing;

/// <summary>SPEC A8: one job span per run, above all of its steps, whichever replica does what.</summary>
public sealed class RunSpanTests(TestServers servers)
{
    private const int Users = 20;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Span_WhenAnotherReplicaEndsTheRun_IsToldOnceByTheOneThatPlanned()
    {
        using Told told = new();
        await using var one = await PipelineFixture.CreateAsync(servers, Users, Ct);
        await using var two = one.Replica();
        var (run, _) = await one.Runs.StartOrJoinAsync("NYSE", null, RunTrigger.Manual, again: false, Ct);
        await one.Services.GetRequiredService<RunPlanner>().TryPlanAsync(run, Ct);

        await two.Participant.WorkAsync(run, Ct);
        Assert.Empty(told.Jobs(run.Id));
        Assert.True(await one.Services.GetRequiredService<RunFinaliser>().TryFinishAsync(run, Ct));
        Assert.True(await one.Services.GetRequiredService<RunFinaliser>().TryFinishAsync(run, Ct));

        var job = Assert.Single(told.Jobs(run.Id));
        var ended = (await one.Runs.FindAsync(run.Id, Ct))!;
        Assert.Equal((run.Traceparent, ended.Traceparent), (job.ParentId, job.Id));
        Assert.Equal((long)Users, job.GetTagItem("users_success"));
        Assert.Equal(["finalise", "load-snapshot", "plan", "process-users"], told.Below(job));
    }

    [Fact]
    public async Task Span_OfAReplicaThatIsGone_IsToldOnceByTheOneThatEndsTheRun()
    {
        using Told told = new();
        await using var one = await PipelineFixture.CreateAsync(servers, Users, Ct);
        await using var two = one.Replica();
        await using var three = one.Replica();
        var (run, _) = await one.Runs.StartOrJoinAsync("NYSE", null, RunTrigger.Manual, again: false, Ct);
        await one.Services.GetRequiredService<RunPlanner>().TryPlanAsync(run, Ct);
        // As when its process ends: nothing is told, and the lock is free with its connection.
        await one.Services.GetRequiredService<RunSpan>().LeaveAsync(run);

        await Task.WhenAll(two.Participant.WorkAsync(run, Ct), three.Participant.WorkAsync(run, Ct));

        var job = Assert.Single(told.Jobs(run.Id));
        Assert.Equal((await one.Runs.FindAsync(run.Id, Ct))!.Traceparent, job.ParentId);
        Assert.Equal((long)Users, job.GetTagItem("users_total"));
    }

    [Fact]
    public async Task Span_OfARunThatFails_SaysWhichStepAndWhy()
    {
        using Told told = new();
        await using var one = await PipelineFixture.CreateAsync(servers, Users, Ct);
        await using var two = one.Replica();
        var (run, _) = await one.Runs.StartOrJoinAsync("NYSE", null, RunTrigger.Manual, again: false, Ct);
        await one.Services.GetRequiredService<RunPlanner>().TryPlanAsync(run, Ct);

        await two.Services.GetRequiredService<RunFinaliser>().FailAsync(run, "batch", new InvalidOperationException("Full."), Ct);
        await one.Services.GetRequiredService<RunFinaliser>().FailAsync(run, "batch", new InvalidOperationException("Late."), Ct);

        var job = Assert.Single(told.Jobs(run.Id));
        Assert.Equal((ActivityStatusCode.Error, "Step batch failed for good: Full."), (job.Status, job.StatusDescription));
        Assert.Equal("failed", job.GetTagItem("overnight.status"));
    }

    /// <summary>What is told in this process while it lives; of other tests, too.</summary>
    private sealed class Told : IDisposable
    {
        private readonly ConcurrentQueue<Activity> _ended = [];
        private readonly ActivityListener _listener;

        public Told()
        {
            _listener = new()
            {
                ShouldListenTo = source => source.Name is "Overnight.Runs" or "Overnight.Jobs",
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStopped = _ended.Enqueue,
            };
            ActivitySource.AddActivityListener(_listener);
        }

        public List<Activity> Jobs(Guid run) =>
            [.. _ended.Where(span => span.OperationName == "overnight-scoring-job" && run.Equals(span.GetTagItem("overnight.run")))];

        public IEnumerable<string> Below(Activity job) =>
            _ended.Where(span => span.ParentSpanId == job.SpanId).Select(span => span.OperationName).Order(StringComparer.Ordinal);

        public void Dispose() => _listener.Dispose();
    }
}
