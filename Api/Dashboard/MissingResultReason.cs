using Microsoft.EntityFrameworkCore;
using Overnight.Core.Data;

namespace Overnight.Api.Dashboard;

/// <summary>Why a user has no result to show.</summary>
/// <param name="Reason"><c>never_computed</c>, <c>portfolio_empty</c>, <c>failed</c> or <c>unreadable</c>.</param>
/// <param name="Detail">A sentence for the user.</param>
/// <param name="Stage">Where the last run failed for this user.</param>
/// <param name="Failure">Why it did.</param>
internal sealed record MissingResultReason(string Reason, string Detail, string? Stage = null, string? Failure = null)
{
    private static readonly MissingResultReason Unreadable = new(
        "unreadable",
        "The last result was stored by another version and can't be shown; the next night replaces it."
    );

    public static async Task<MissingResultReason> ExplainAsync(OvernightContext database, Guid userId, CancellationToken ct)
    {
        // A result is stored, but the reader could not use it.
        if (await database.CurrentResults.AsNoTracking().AnyAsync(c => c.UserId == userId, ct))
            return Unreadable;
        var failure = await database
            .RunFailures.AsNoTracking()
            .Where(f => f.UserId == userId)
            .OrderByDescending(f => f.OccurredAt)
            .Select(f => new
            {
                f.Stage,
                f.Reason,
                f.OccurredAt,
            })
            .FirstOrDefaultAsync(ct);
        var holds = await database.Holdings.AsNoTracking().AnyAsync(h => h.UserId == userId && !h.Ignored, ct);

        // The empty portfolio comes first, since the user can change it; it may also be what made the last run fail.
        if (!holds)
            return new("portfolio_empty", "The portfolio has no holding to value. Add one, and the next night computes recommendations.");
        return failure is null
            ? new("never_computed", "No night has computed this portfolio yet. The next one does.")
            : new(
                "failed",
                $"The run of {failure.OccurredAt:yyyy-MM-dd} could not compute this portfolio: {failure.Reason} ({failure.Stage}).",
                failure.Stage,
                failure.Reason
            );
    }
}
