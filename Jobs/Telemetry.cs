using System.Diagnostics;
using System.Diagnostics.Metrics;
using Overnight.Core.Runs;
using Overnight.Jobs.Pipeline;

namespace Overnight.Jobs;

/// <summary>Spans and metrics of Jobs. Ids go on spans, never on metrics.</summary>
internal static class Telemetry
{
    public const string Name = "Overnight.Jobs";

    public static readonly ActivitySource Source = new(Name);
    private static readonly Meter Meter = new(Name);

    /// <summary>The first so many batches of a run are traced, and then every one in so many.</summary>
    private const int ToldBatches = 16;

    private static readonly Counter<long> Users = Meter.CreateCounter<long>(
        "overnight.night.users",
        "{user}",
        "Users computed, by outcome."
    );
    private static readonly Histogram<double> BatchDuration = Meter.CreateHistogram<double>(
        "overnight.night.batch.duration",
        "s",
        "Time from load to commit of a batch."
    );
    private static readonly Histogram<double> RunDuration = Meter.CreateHistogram<double>(
        "overnight.night.run.duration",
        "s",
        "Time from start to end of a run."
    );
    private static readonly Gauge<double> DeadlineMargin = Meter.CreateGauge<double>(
        "overnight.run.deadline.margin",
        "s",
        "Time from the forecast of a market's night to its deadline; negative after it."
    );
    private static readonly Counter<long> Partitions = Meter.CreateCounter<long>(
        "overnight.retention.partitions",
        "{partition}",
        "Monthly partitions, by outcome."
    );
    private static readonly Counter<long> Comparisons = Meter.CreateCounter<long>(
        "overnight.cache.comparisons",
        "{entry}",
        "Cached results that were compared with the stored ones, by outcome."
    );
    private static readonly Histogram<double> FetchDuration = Meter.CreateHistogram<double>(
        "overnight.provider.fetch.duration",
        "s",
        "Time of asking a provider for rates or prices, retries included, by outcome."
    );

    /// <summary>A child of the step that asks; it has no address, which may hold a key.</summary>
    public static Activity? StartFetch(string feed, string provider) =>
        Source.StartActivity("fetch", ActivityKind.Client)?.SetTag("overnight.feed", feed).SetTag("overnight.provider", provider);

    public static void Fetched(string feed, string provider, string outcome, TimeSpan took) =>
        FetchDuration.Record(took.TotalSeconds, new("feed", feed), new("provider", provider), new("outcome", outcome));

    /// <summary>A tick of the schedule that could not start a due run; ticks that start nothing are not traced.</summary>
    public static void TickFailed(string market, DateTimeOffset startedAt, Exception exception)
    {
        using var span = Source.StartActivity("schedule-tick", ActivityKind.Internal, default(ActivityContext), startTime: startedAt);
        span?.SetTag("overnight.market", market)
            .SetTag("error.type", exception.GetType().FullName)
            .SetStatus(ActivityStatusCode.Error, exception.Message);
    }

    /// <summary>
    /// A child of this replica's part in the run. Only some of many batches are traced, with the statements under them.
    /// </summary>
    public static Activity? StartBatch(PipelineRun run, ClaimedBatch batch)
    {
        var parent = Activity.Current?.Context ?? Parent(run);
        // An unsampled parent that counts as remote, so that neither the batch's span nor its children are recorded.
        if (batch.Number >= ToldBatches && batch.Number % ToldBatches != 0 && parent != default)
            parent = new(parent.TraceId, parent.SpanId, ActivityTraceFlags.None, isRemote: true);
        return Source
            .StartActivity("batch", ActivityKind.Internal, parent)
            ?.SetTag("overnight.run", run.Id)
            .SetTag("overnight.market", run.Market)
            .SetTag("overnight.batch", batch.Number)
            .SetTag("overnight.batch.size", batch.Size);
    }

    /// <summary>
    /// The write of a batch's results to the cache: a child of the batch, or of the warm at the end of the run when it is cached later.
    /// </summary>
    public static Activity? StartCacheWrite(Guid run, int users) =>
        Source.StartActivity("cache-write", ActivityKind.Client)?.SetTag("overnight.run", run).SetTag("overnight.users", users);

    /// <summary>The span of the run from its start, a child of whatever started it.</summary>
    public static Activity? StartJob(PipelineRun run) =>
        Source
            .StartActivity("overnight-scoring-job", ActivityKind.Internal, Parent(run), startTime: run.StartedAt)
            ?.SetTag("overnight.run", run.Id)
            .SetTag("overnight.market", run.Market);

    /// <summary>A child span of the run, whichever process the run began in.</summary>
    /// <param name="startedAt">When it began, for a step whose span is made at its end.</param>
    public static Activity? StartStep(string name, PipelineRun run, DateTimeOffset startedAt = default) =>
        Source
            .StartActivity(name, ActivityKind.Internal, Parent(run), startTime: startedAt)
            ?.SetTag("overnight.run", run.Id)
            .SetTag("overnight.market", run.Market);

    /// <summary>Records in a trace that a step or batch failed, also when its own span is not recorded.</summary>
    public static void Failed(PipelineRun run, string name, Activity? span, Exception exception)
    {
        using var told = span is { Recorded: false } ? StartStep(name, run, new DateTimeOffset(span.StartTimeUtc)) : null;
        (told ?? span)?.SetStatus(ActivityStatusCode.Error, exception.Message).SetTag("error.type", exception.GetType().FullName);
    }

    public static ActivityContext Parent(PipelineRun run) => Context(run.Traceparent);

    private static ActivityContext Context(string? traceparent) =>
        traceparent is not null && ActivityContext.TryParse(traceparent, null, isRemote: true, out var parent) ? parent : default;

    public static void BatchDone(string market, int computed, int failed, TimeSpan took)
    {
        KeyValuePair<string, object?> tag = new("market", market);
        Users.Add(computed, tag, new("outcome", "success"));
        if (failed > 0)
            Users.Add(failed, tag, new("outcome", "failed"));
        BatchDuration.Record(took.TotalSeconds, tag);
    }

    public static void RunDone(string market, string status, TimeSpan took) =>
        RunDuration.Record(took.TotalSeconds, new("market", market), new("outcome", status));

    public static void Compared(int entries, int differing)
    {
        if (entries > differing)
            Comparisons.Add(entries - differing, new KeyValuePair<string, object?>("outcome", "same"));
        if (differing > 0)
            Comparisons.Add(differing, new KeyValuePair<string, object?>("outcome", "differs"));
    }

    public static void Margin(string market, TimeSpan margin) =>
        DeadlineMargin.Record(margin.TotalSeconds, new KeyValuePair<string, object?>("market", market));

    public static void RetentionDone(int made, int dropped, int postponed)
    {
        if (made > 0)
            Partitions.Add(made, new KeyValuePair<string, object?>("outcome", "made"));
        if (dropped > 0)
            Partitions.Add(dropped, new KeyValuePair<string, object?>("outcome", "dropped"));
        if (postponed > 0)
            Partitions.Add(postponed, new KeyValuePair<string, object?>("outcome", "postponed"));
    }
}
