using Overnight.Core;
using Overnight.Core.Notices;
using Overnight.Core.Proof;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Pipeline;

/// <summary>What is told of a run when it ends.</summary>
internal static class RunNotices
{
    /// <param name="status">completed, partial or failed.</param>
    /// <param name="step">The step that failed for good; null when users did.</param>
    public static IEnumerable<Notice> Ended(
        PipelineRun run,
        string status,
        long processed,
        long failed,
        RunStatistics planned,
        NoticeOutbox outbox,
        string? step = null
    )
    {
        if (status != "completed")
        {
            yield return new(
                status == "partial" ? NoticeEvents.RunPartial : NoticeEvents.RunFailed,
                $"run/{run.Id:D}",
                new
                {
                    run.Market,
                    run.BusinessDate,
                    run.Revision,
                    Status = status,
                    Step = step,
                    UsersProcessed = processed,
                    UsersFailed = failed,
                    Links = new { Run = outbox.Link($"/api/runs/{run.Id:D}"), Failures = outbox.Link($"/api/runs/{run.Id:D}/failures") },
                }
            );
        }
        // Always in the same order, since runs that end at once wait for each other's subjects and would deadlock.
        var providers = ProviderReport.Read(planned).Select(report => Provider(report, run, outbox)).OfType<Notice>();
        foreach (var notice in providers.OrderBy(notice => notice.Subject, StringComparer.Ordinal))
            yield return notice;
    }

    /// <summary>The link of the chain, with the root that receipts of the run lead to, for whoever keeps it elsewhere.</summary>
    public static Notice Sealed(Seal seal, NoticeOutbox outbox) =>
        new(
            NoticeEvents.RunSealed,
            $"seal/{seal.Sequence}",
            new
            {
                seal.Sequence,
                seal.RunId,
                seal.Market,
                seal.BusinessDate,
                seal.Revision,
                Root = Convert.ToHexStringLower(seal.Root),
                SnapshotHash = Convert.ToHexStringLower(seal.SnapshotHash),
                SealedAt = IsoDate.Of(seal.SealedAt),
                Previous = Convert.ToHexStringLower(seal.Previous),
                Hash = Convert.ToHexStringLower(seal.Hash),
                Links = new { Roots = outbox.Link("/api/roots") },
            }
        );

    /// <summary>A value that stays stale is told once, and a refusal once for each business date.</summary>
    private static (string Event, string Subject)? Subject(ProviderReport report, PipelineRun run) =>
        report.Outcome switch
        {
            ProviderOutcome.Stale => (
                NoticeEvents.ProviderStale,
                $"provider/{report.Feed}/{report.Provider}/{report.StaleSince ?? run.StartedAt:yyyy-MM-dd}"
            ),
            ProviderOutcome.Failed => (
                NoticeEvents.ProviderRefused,
                $"provider/{report.Feed}/{report.Provider}/{run.Market}/{run.BusinessDate:yyyy-MM-dd}"
            ),
            _ => null,
        };

    private static Notice? Provider(ProviderReport report, PipelineRun run, NoticeOutbox outbox) =>
        Subject(report, run) is var (name, subject) ? new(name, subject, Data(report, run, outbox)) : null;

    private static object Data(ProviderReport report, PipelineRun run, NoticeOutbox outbox) =>
        new
        {
            report.Feed,
            report.Provider,
            report.Outcome,
            report.Reason,
            report.Values,
            report.Refused,
            StaleSince = report.StaleSince?.UtcDateTime,
            Links = new { Run = outbox.Link($"/api/runs/{run.Id:D}") },
        };
}
