using Overnight.Api.Account;
using Overnight.Api.Audit;
using Overnight.Api.Pages.Dashboard;
using Overnight.Api.Paging;
using Overnight.Core.Portfolios;

namespace Overnight.Api.Pages.History;

/// <summary>One night of a user.</summary>
/// <param name="Result">As it is stored; null where there is none, or none that this build reads.</param>
/// <param name="Calculation">The audit events; null where they are not stored or can't be read.</param>
/// <param name="Unreadable">Why a part can't be read.</param>
internal sealed record PastResult(CalculationRun Run, ResultDocument? Result, CalculationDetail? Calculation, string? Unreadable);

/// <summary>Finds a user's own nights, by what the API answers and by the stored results.</summary>
internal sealed class PastResults(
    CalculationQueries calculations,
    CalculationReader details,
    OwnResultReader results,
    ILogger<PastResults> logger
)
{
    /// <returns>The calculations of a page, each with its stored result.</returns>
    public async Task<List<(CalculationItem Item, ResultDocument? Result)>> ListAsync(
        Guid user,
        CalculationFilter filter,
        PageQuery<UserRunCursor> page,
        CancellationToken ct
    )
    {
        var items = await calculations.OfUserAsync(user, filter.From, filter.Until, page, ct, filter.Market);
        var stored = await results.OfRunsAsync(user, [.. items.Select(item => (item.BusinessDate, item.RunId))], ct);
        return items.ConvertAll(item =>
            (item, stored.TryGetValue(item.RunId, out var result) ? ResultDocumentReader.TryRead(result.Recommendations) : null)
        );
    }

    /// <returns>Null where the run has nothing of the user.</returns>
    public async Task<PastResult?> FindAsync(Guid user, Guid id, CancellationToken ct)
    {
        if (await calculations.FindRunAsync(id, ct) is not { } run)
            return null;
        var stored = (await results.OfRunsAsync(user, [(run.BusinessDate, id)], ct)).GetValueOrDefault(id);
        var result = stored is null ? null : ResultDocumentReader.TryRead(stored.Recommendations);
        var unreadable = stored is not null && result is null ? "The stored result is of a form that this version does not read." : null;
        CalculationDetail? calculation = null;
        try
        {
            calculation = await details.ReadAsync(id, user, ct);
        }
        catch (Exception exception) when (exception is InvalidDataException or CalculationException)
        {
            // The result is whole without its events.
            CalculationRoutes.TellUnreadable(logger, $"{id:D}", exception);
            unreadable = $"The stored events can't be read. {exception.Message}";
        }
        return stored is null && calculation is null && unreadable is null ? null : new(run, result, calculation, unreadable);
    }

    /// <returns>The stored result alone; null where there is none, or none that this build reads.</returns>
    public async Task<ResultDocument?> FindResultAsync(Guid user, Guid id, CancellationToken ct) =>
        await calculations.FindRunAsync(id, ct) is { } run
        && (await results.OfRunsAsync(user, [(run.BusinessDate, id)], ct)).TryGetValue(id, out var stored)
            ? ResultDocumentReader.TryRead(stored.Recommendations)
            : null;
}
