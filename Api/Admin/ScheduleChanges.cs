using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Problems;
using Overnight.Core;
using Overnight.Core.Actions;
using Overnight.Core.Market.Calendars;
using Overnight.Core.Schedules;
using Overnight.Core.Warming;

namespace Overnight.Api.Admin;

/// <summary>Pauses and resumes the schedules of markets and warm sets, for the API and for the forms of pages.</summary>
internal sealed class ScheduleChanges(MarketCatalog markets, Warmer warmer, SchedulePauses pauses, TimeProvider time)
{
    /// <param name="name">Code of the market, or name of the set.</param>
    /// <param name="body">JSON, as <see cref="SchedulePauseRequest"/>.</param>
    public async Task<Results<Ok<PauseAnswer>, ValidationProblem, ProblemHttpResult>> PauseAsync(
        ScheduleKind kind,
        string name,
        Stream body,
        Actor by,
        CancellationToken ct
    )
    {
        var (note, missing) = Find(kind, name);
        if (missing is not null)
            return missing;
        var (asked, errors) = await SchedulePauseRequest.ReadAsync(body, time.GetUtcNow(), ct);
        if (errors.Count > 0)
            return InvalidRequest.Problem(errors, "The pause asked for is not valid");
        var pause = await pauses.PauseAsync(kind, name, asked.Reason!, asked.Until, by, ct);
        return TypedResults.Ok(new PauseAnswer(kind.Name(), name, PauseItem.From(pause), note));
    }

    public async Task<Results<Ok<ResumeAnswer>, ProblemHttpResult>> ResumeAsync(
        ScheduleKind kind,
        string name,
        Actor by,
        CancellationToken ct
    ) =>
        Find(kind, name).Missing is { } missing
            ? missing
            : TypedResults.Ok(new ResumeAnswer(kind.Name(), name, await pauses.ResumeAsync(kind, name, by, ct) is not null));

    /// <returns>What a pause of the schedule leads to, null for a market; or that there is no such schedule.</returns>
    public (string? Note, ProblemHttpResult? Missing) Find(ScheduleKind kind, string name)
    {
        try
        {
            if (kind == ScheduleKind.Set)
                return (warmer.Find([name])[0].Declaration.PauseWarning, null);
            markets.Get(name);
            return (null, null);
        }
        catch (RequestException unknown)
        {
            return (null, NotFound(unknown.Message, "Market not found"));
        }
        catch (KeyNotFoundException unknown)
        {
            return (null, NotFound(unknown.Message, "Warm set not found"));
        }
    }

    private static ProblemHttpResult NotFound(string detail, string title) =>
        TypedResults.Problem(detail, statusCode: StatusCodes.Status404NotFound, title: title);
}
