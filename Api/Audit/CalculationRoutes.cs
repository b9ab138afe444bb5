using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Paging;
using Overnight.Api.Sessions;
using Overnight.Core.Portfolios;

namespace Overnight.Api.Audit;

/// <summary>Routes on which administrators list calculations and read their inputs and outcomes.</summary>
internal static partial class CalculationRoutes
{
    public const string Path = "/api/calculations";

    public static void AddCalculations(this WebApplicationBuilder builder) =>
        builder.Services.AddSingleton<CalculationQueries>().AddSingleton<AssetCalculations>().AddSingleton<CalculationReader>();

    public static void MapCalculations(this WebApplication app)
    {
        var group = app.MapGroup(Path).WithTags("Calculations").RequireAuthorization(SessionSetup.Admin);
        group
            .MapGet("", ListAsync)
            .WithName("ListCalculations")
            .WithSummary(
                "Calculations of a user or with an asset, newest first, in the period of business dates from until (both included); or those of a run, by user. limit is 1 to 200, 50 when left out; cursor is the nextCursor of the page before."
            );
        group
            .MapGet("{run}/{user}", GetAsync)
            .WithName("GetCalculation")
            .WithSummary("A calculation with its events in full: inputs, criteria, prices, scores by criterion, outcome.")
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Ok<Listed<CalculationItem>>, ValidationProblem>> ListAsync(
        string? user,
        string? asset,
        string? run,
        string? from,
        string? until,
        string? limit,
        string? cursor,
        CalculationQueries calculations,
        AssetCalculations assets,
        CancellationToken ct
    )
    {
        QueryErrors errors = new();
        var filter = CalculationFilter.Read(user, asset, run, from, until, errors);
        if (asset is not null)
        {
            var page = ListPage<PostingCursor>.Read(limit, cursor, errors);
            if (errors.Any)
                return errors.ToProblem();
            return TypedResults.Ok(
                Listed<CalculationItem>.Of(
                    await assets.ListAsync(filter.Asset!.Value, filter.From, filter.Until, page, ct),
                    page,
                    f => f.Place,
                    f => f.Item
                )
            );
        }
        if (run is not null)
        {
            var page = ListPage<UserCursor>.Read(limit, cursor, errors);
            if (errors.Any)
                return errors.ToProblem();
            return TypedResults.Ok(
                Listed<CalculationItem>.Of(
                    await calculations.OfRunAsync(filter.Run!.Value, page, ct),
                    page,
                    c => new UserCursor(c.UserId),
                    c => c
                )
            );
        }
        else
        {
            var page = ListPage<UserRunCursor>.Read(limit, cursor, errors);
            if (errors.Any)
                return errors.ToProblem();
            return TypedResults.Ok(
                Listed<CalculationItem>.Of(
                    await calculations.OfUserAsync(filter.User!.Value, filter.From, filter.Until, page, ct),
                    page,
                    c => new UserRunCursor(c.BusinessDate, c.RunNumber),
                    c => c
                )
            );
        }
    }

    private static async Task<Results<Ok<CalculationDetail>, ValidationProblem, ProblemHttpResult>> GetAsync(
        string run,
        string user,
        CalculationReader calculations,
        ILogger<CalculationReader> logger,
        CancellationToken ct
    )
    {
        QueryErrors errors = new();
        var (runId, userId) = (errors.Id("run", run), errors.Id("user", user));
        if (errors.Any)
            return errors.ToProblem();
        try
        {
            return await calculations.ReadAsync(runId!.Value, userId!.Value, ct) is { } found
                ? TypedResults.Ok(found)
                : TypedResults.Problem(
                    $"Run {run} has no calculation of user {user}; {Path}?run={run} lists those it has.",
                    statusCode: StatusCodes.Status404NotFound,
                    title: "Calculation not found"
                );
        }
        catch (Exception exception) when (exception is InvalidDataException or CalculationException)
        {
            // Unreadable events answer 500 rather than 404, since the calculation exists.
            Log.Unreadable(logger, run, exception);
            return TypedResults.Problem(
                exception.Message,
                statusCode: StatusCodes.Status500InternalServerError,
                title: "The stored events can't be read"
            );
        }
    }

    private static partial class Log
    {
        [LoggerMessage(321, LogLevel.Error, "The stored events of a calculation of run {RunId} can't be read; the request got 500.")]
        public static partial void Unreadable(ILogger logger, string runId, Exception exception);
    }
}
