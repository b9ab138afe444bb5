using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Paging;

namespace Overnight.Api.Admin;

internal static class CacheHistoryRoute
{
    /// <summary>Hours where none are asked for.</summary>
    public const int Usual = 3;

    private const int Most = 168;

    public static void MapCacheHistory(this RouteGroupBuilder group) =>
        group
            .MapGet("cache/history", GetAsync)
            .WithName("GetCacheHistory")
            .WithSummary("How the reads and writes of the cache of every node went in the last hours, 1 to 168, 3 when left out.");

    /// <returns>The usual number where it is left out or not valid; then its error is added.</returns>
    public static int Hours(string? hours, QueryErrors errors) => errors.WholeNumber("hours", hours, Most, Usual);

    private static async Task<Results<Ok<CacheHistory>, ValidationProblem>> GetAsync(
        string? hours,
        CacheMinutes minutes,
        CancellationToken ct
    )
    {
        QueryErrors errors = new();
        var asked = Hours(hours, errors);
        return errors.Any ? errors.ToProblem() : TypedResults.Ok(await minutes.ReadAsync(asked, ct));
    }
}
