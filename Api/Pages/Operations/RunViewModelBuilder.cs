using System.Text.Json;
using Overnight.Api.Audit;
using Overnight.Api.Pages.Display;
using Overnight.Api.Pages.Layout;
using Overnight.Core.Runs;

namespace Overnight.Api.Pages.Operations;

/// <summary>Makes the views of runs from what the API shows of them.</summary>
internal sealed class RunViewModelBuilder(OperationsFormats formats, TimeProvider time)
{
    private static readonly TimeSpan LongestLeft = TimeSpan.FromDays(30);

    public RunRow Row(RunItem run)
    {
        var (state, word) = OperationsFormats.Status(run.Status);
        return new(
            OperationsPaths.Run(run.Id),
            Night(run.JobType, run.Market, run.BusinessDate),
            run.Revision is { } revision ? $"revision {revision}" : "cache",
            state,
            word,
            (run.Night ?? run.Warm) is { } deadline ? formats.Deadline(deadline) : null,
            formats.Moment(run.StartedAt),
            formats.Duration(run.DurationMs ?? (time.GetUtcNow() - run.StartedAt).TotalMilliseconds),
            formats.Count(run.UsersProcessed),
            run.UsersFailed == 0 ? null : formats.Count(run.UsersFailed),
            run.Trigger
        );
    }

    /// <param name="timeline">Null for a run without steps.</param>
    public RunViewModel View(
        RunDetail run,
        RunTimeline? timeline,
        IReadOnlyList<RunFailureItem> failures,
        string? nextFailures,
        bool isLaterPage,
        string? done,
        string self
    )
    {
        var (state, word) = OperationsFormats.Status(run.Status);
        var isLive = run.CompletedAt is null && timeline is not null;
        var isFinished = run.CompletedAt is not null;
        var ended = run.UsersProcessed + run.UsersFailed;
        return new(
            Night(run.JobType, run.Market, run.BusinessDate),
            $"{(run.Revision is { } revision ? $"Revision {revision}, started" : "Started")} by {run.Trigger}",
            state,
            word,
            Lead(run, ended),
            Error(run.ErrorDetails),
            isLive ? $"{run.Links.Self}/live" : null,
            isLive ? OperationsFormats.Place(run.UsersTotal == 0 ? 0 : 100d * ended / run.UsersTotal) : null,
            Facts(run),
            timeline is null ? null : new RunWaterfall(timeline, formats).View(),
            [
                .. failures.Select(failure => new FailureRow(
                    $"{failure.UserId:D}",
                    OperationsPaths.User(failure.UserId),
                    failure.Stage,
                    CodeWords.Of(failure.Reason),
                    failure.Detail,
                    formats.Moment(failure.OccurredAt)
                )),
            ],
            FailureSentence(run, isLaterPage),
            nextFailures,
            isFinished
            && run.JobType == "scoring"
            && (run.Failures.Total > 0 || run.Batches.Done < run.Batches.Total || run.Status == "failed")
                ? OperationsPaths.Retry(run.Id)
                : null,
            done,
            self
        );
    }

    private string FailureSentence(RunDetail run, bool isLaterPage)
    {
        if (run.Failures.Total == 0)
            return run.CompletedAt is null ? "Nobody has failed so far." : "Nobody failed.";
        var who = $"{formats.Count(run.Failures.Total)} {(run.Failures.Total == 1 ? "user" : "users")} could not be computed";
        return isLaterPage ? $"{who}; these are further ones." : $"{who}. The others are not touched by it.";
    }

    private string Night(string jobType, string? market, DateOnly? date) =>
        market is not null && date is { } day ? $"{market}, {formats.Date(day)}"
        : jobType == "cache-warm" ? "Warm"
        : jobType;

    private string Lead(RunDetail run, int ended)
    {
        var entries = run.JobType == "cache-warm" ? "entries" : "users";
        if (run.CompletedAt is not null)
        {
            var failed = run.UsersFailed == 0 ? "none" : formats.Count(run.UsersFailed);
            return $"{formats.Count(run.UsersProcessed)} {entries} in {formats.Duration(run.DurationMs ?? 0)}, {failed} failed.";
        }
        if (run.PlannedAt is not { } planned)
            return run.JobType == "cache-warm" ? "" : "Setting up: exchange rates, prices, users.";
        var seconds = (time.GetUtcNow() - planned).TotalSeconds;
        var rate = seconds > 0 ? ended / seconds : 0;
        var left = rate > 0 ? $", {Left(Math.Max(0, run.UsersTotal - ended) / rate)} left" : "";
        var speed = $"{formats.Number(rate, 0)} a second{left}";
        return $"{formats.Count(ended)} of {formats.Count(run.UsersTotal)} users, {speed}, {formats.Count(run.UsersFailed)} failed.";
    }

    /// <summary>A run that hangs would end in thousands of years, beyond what a duration holds.</summary>
    private string Left(double seconds) =>
        seconds > LongestLeft.TotalSeconds ? $"more than {formats.Duration(LongestLeft)}" : formats.Duration(TimeSpan.FromSeconds(seconds));

    private List<(string Name, TimedText Value)> Facts(RunDetail run)
    {
        List<(string, TimedText)> facts = [("Began", formats.Moment(run.StartedAt))];
        if (run.CompletedAt is { } end)
            facts.Add(("Ended", formats.Moment(end)));
        if ((run.Night ?? run.Warm) is { } deadline)
        {
            facts.Add(("Deadline", formats.Moment(deadline.DeadlineAt)));
            if (deadline is { FinishedAt: null, ForecastAt: { } forecast })
                facts.Add(("Forecast", formats.Moment(forecast)));
            facts.Add((run.Night is null ? "Its warm" : "Its night", formats.Deadline(deadline)));
        }
        facts.Add((run.JobType == "cache-warm" ? "Entries" : "Users", formats.Count(run.UsersTotal)));
        if (run.Batches.Total > 0)
        {
            facts.Add(("Batches done", $"{formats.Count(run.Batches.Done)} of {formats.Count(run.Batches.Total)}"));
            facts.Add(("Batches in the cache", formats.Count(run.Batches.Cached)));
        }
        if (run.JobType == "scoring" && run.Metrics is { } json)
        {
            var metrics = RunStatistics.Read(json.GetRawText());
            facts.Add(("Assets", formats.Count(metrics.Assets)));
            facts.Add(("Exchange rates", formats.Count(metrics.Rates)));
            AddTime("Work of all workers", metrics.WorkMs);
            AddTime("Writing the cache", metrics.CacheWarmMs);
            if (metrics.RecommendationsGenerated is { } recommendations)
                facts.Add(("Recommendations", formats.Count(recommendations)));
        }
        else if (
            run.JobType == "cache-warm"
            && run.Metrics is { ValueKind: JsonValueKind.Object } warm
            && warm.TryGetProperty("set", out var set)
        )
        {
            facts.Insert(0, ("Set", $"{set}"));
        }
        facts.Add(("Id", $"{run.Id:D}"));
        facts.Add(("Correlation id", $"{run.CorrelationId:D}"));
        return facts;

        void AddTime(string name, double? ms)
        {
            if (ms is { } took)
                facts.Add((name, formats.Duration(took)));
        }
    }

    private static string? Error(JsonElement? details)
    {
        if (details is not { ValueKind: JsonValueKind.Object } json)
            return null;
        foreach (var name in (string[])["message", "reason"])
        {
            if (json.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String)
                return $"{text.GetString()!.TrimEnd('.')}.";
        }
        return null;
    }
}
