using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Audit;
using Overnight.Api.Paging;
using Overnight.Api.Sessions;
using Overnight.Core.Data;
using Overnight.Core.Explanations;
using Overnight.Core.Portfolios;

namespace Overnight.Api.Explanations;

/// <summary>A result that a request may see, or the problem that it is answered with.</summary>
internal readonly record struct OpenedResult(CapturedCalculation? Result, ProblemHttpResult? Problem);

/// <summary>
/// Opens results for whom they are for: users their own, administrators anybody's, which is written to that user's audit before the answer.
/// </summary>
internal sealed partial class ExplanationAccess(CapturedInputsReader captured, ResultReads reads, ILogger<ExplanationAccess> logger)
{
    public CapturedInputsReader Captured => captured;

    /// <summary>Whose results a request is about: those of <paramref name="user"/>, where given, or the session's own.</summary>
    public static Guid? Subject(HttpContext context, string? user, QueryErrors errors)
    {
        if (user is not null)
            return errors.Id("user", user);
        if (SessionPrincipal.ActorOf(context).UserId is { } own)
            return own;
        errors.Add("user", "must be given with the admin key, which has no results of its own");
        return null;
    }

    /// <param name="run">Null for the result in force.</param>
    /// <param name="needsCriteria">False where the stored criteria are about to be replaced.</param>
    public async Task<OpenedResult> OpenAsync(HttpContext context, Guid user, Guid? run, CancellationToken ct, bool needsCriteria = true)
    {
        if (SessionPrincipal.OwnerOf(context) is { } owner && owner != user)
            return new(null, CalculationProblems.NotOwn);
        var by = SessionPrincipal.ActorOf(context);
        try
        {
            // Repeated here, because a what-if is a POST, whose endpoint is not repeated as a whole.
            if (await DatabaseRetry.ReadAsync(() => captured.FindAsync(user, run, ct, needsCriteria)) is not { } result)
                return new(null, ExplanationProblems.NotFound(user, run, by.UserId == user));
            return await reads.TryRecordAsync(user, result.RunId, result.BusinessDate, by, ct)
                ? new(result, null)
                : new(null, CalculationProblems.NotRecorded(context));
        }
        catch (CalculationException exception)
        {
            return new(null, ExplanationProblems.NotCalculable(exception));
        }
        catch (InvalidDataException exception)
        {
            // The result exists, so that a damaged one is no 404.
            Log.Unreadable(logger, run?.ToString("D") ?? "in force", exception);
            return new(null, ExplanationProblems.Unreadable(exception));
        }
    }

    private static partial class Log
    {
        [LoggerMessage(323, LogLevel.Error, "The stored inputs of a result of run {RunId} can't be read; the request got 500.")]
        public static partial void Unreadable(ILogger logger, string runId, Exception exception);
    }
}
