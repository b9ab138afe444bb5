using Microsoft.Extensions.Logging;
using Overnight.Core.Portfolios;
using Overnight.Core.Proof;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Pipeline;

/// <summary>
/// The log messages of a run. Other programs read them, so their event ids and field names are a contract. User ids are masked.
/// </summary>
internal static partial class RunLog
{
    /// <summary>The value of <c>jobType</c> for runs of the pipeline.</summary>
    private const string JobType = "scoring";

    /// <summary>Largest number of failed users logged per batch, because one cause can fail all of it. run_failures has them all.</summary>
    private const int MostUsers = 10;

    public static void Started(ILogger logger, PipelineRun run, int users) =>
        Started(logger, run.CorrelationId, JobType, run.Market, users);

    public static void Processed(
        ILogger logger,
        PipelineRun run,
        int batch,
        int users,
        IReadOnlyCollection<UserFailure> failures,
        TimeSpan took
    )
    {
        Processed(logger, run.CorrelationId, batch, users + failures.Count, took);
        foreach (var failure in failures.Take(MostUsers))
            UserFailed(logger, run, failure.UserId, failure.Stage, failure.Reason);
        if (failures.Count > MostUsers)
            MoreFailed(logger, run.CorrelationId, batch, failures.Count - MostUsers);
    }

    public static void UserFailed(ILogger logger, PipelineRun run, Guid user, CalculationStage stage, string reason)
    {
        if (logger.IsEnabled(LogLevel.Warning))
            UserFailed(logger, run.CorrelationId, Masked(user), stage.ToString().ToLowerInvariant(), reason);
    }

    /// <param name="seal">Null for a run that is not sealed.</param>
    public static void Sealed(ILogger logger, Seal? seal)
    {
        if (seal is not null)
            Sealed(logger, seal.RunId, seal.Sequence, Convert.ToHexStringLower(seal.Root), Convert.ToHexStringLower(seal.Hash));
    }

    /// <summary>The last four digits of the id, which are random: enough to recognise a known user, too few to find another.</summary>
    internal static string Masked(Guid user) => $"***{user.ToString("N")[^4..]}";

    [LoggerMessage(512, LogLevel.Information, "run started: {jobType} of {markets}, users: {userCount}, correlation id {correlationId}")]
    private static partial void Started(ILogger logger, Guid correlationId, string jobType, string markets, int userCount);

    [LoggerMessage(523, LogLevel.Information, "Run {runId} is number {sequence} of the chain: root {root}, seal {seal}.")]
    private static partial void Sealed(ILogger logger, Guid runId, long sequence, string root, string seal);

    [LoggerMessage(
        565,
        LogLevel.Information,
        "batch processed: number {batch}, users: {usersProcessed}, took {duration}, correlation id {correlationId}"
    )]
    private static partial void Processed(ILogger logger, Guid correlationId, int batch, int usersProcessed, TimeSpan duration);

    [LoggerMessage(566, LogLevel.Warning, "user failed: {userId} at stage {stage}, {error}, correlation id {correlationId}")]
    private static partial void UserFailed(ILogger logger, Guid correlationId, string userId, string stage, string error);

    [LoggerMessage(
        567,
        LogLevel.Warning,
        "user failed: further users of batch {batch}: {userCount}, see run_failures, correlation id {correlationId}"
    )]
    private static partial void MoreFailed(ILogger logger, Guid correlationId, int batch, int userCount);
}
