using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Paging;
using Overnight.Api.Sessions;
using Overnight.Core.Market.Calendars;
using Overnight.Core.Portfolios;

namespace Overnight.Api.Audit;

/// <summary>
/// Routes on which users list their own calculations and administrators those of anybody, and open one with its inputs and outcome.
/// </summary>
internal static partial class CalculationRoutes
{
    public const string Path = "/api/calculations";

    /// <summary>Items of a page of a user's own history, when limit is left out.</summary>
    internal const int OwnPage = 20;

    public static void AddCalculations(this WebApplicationBuilder builder) =>
        builder
            .Services.AddSingleton<CalculationQueries>()
            .AddSingleton<AssetCalculations>()
            .AddSingleton<CalculationReader>()
            .AddSingleton<ResultReads>();

    public static void MapCalculations(this WebApplication app)
    {
        var group = app.MapGroup(Path).WithTags("Calculations").RequireAuthorization(SessionSetup.SignedInOrKey);
        group
            .MapGet("", ListAsync)
            .WithName("ListCalculations")
            .WithSummary(
                "The user's own calculations, newest first, in the period of business dates from until (both included), on one market where it is given. For administrators: those of a user or with an asset, or those of a run, by user. limit is 1 to 200, 50 for administrators and 20 for others when left out; cursor is the nextCursor of the page before. 403 for a user who names an asset or a run, 404 for another user's."
            )
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound);
        group
            .MapGet("{run}/{user}", GetAsync)
            .WithName("GetCalculation")
            .WithSummary(
                "A calculation with its events in full: inputs, criteria, prices, scores by criterion, outcome. Users open their own, and see who else opened one of them (ListResultReads)."
            )
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Ok<Listed<CalculationItem>>, ValidationProblem, ProblemHttpResult>> ListAsync(
        string? user,
        string? asset,
        string? run,
        string? market,
        string? from,
        string? until,
        string? limit,
        string? cursor,
        HttpContext context,
        CalculationQueries calculations,
        AssetCalculations assets,
        MarketCatalog markets,
        CancellationToken ct
    )
    {
        QueryErrors errors = new();
        var owner = SessionPrincipal.OwnerOf(context);
        if (owner is not null && (asset ?? run) is not null)
            return CalculationProblems.ForAdministrators;
        var filter = CalculationFilter.Read(
            owner is not null ? user ?? $"{owner:D}" : user,
            asset,
            run,
            market,
            from,
            until,
            markets,
            errors
        );
        if (asset is not null)
        {
            var page = PageQuery<PostingCursor>.Read(limit, cursor, errors);
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
            var page = PageQuery<UserCursor>.Read(limit, cursor, errors);
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
            var page = PageQuery<UserRunCursor>.Read(
                limit,
                cursor,
                errors,
                owner is null ? PageQuery<UserRunCursor>.DefaultLimit : OwnPage
            );
            if (errors.Any)
                return errors.ToProblem();
            if (owner is not null && filter.User != owner)
                return CalculationProblems.NotOwn;
            return TypedResults.Ok(
                Listed<CalculationItem>.Of(
                    await calculations.OfUserAsync(filter.User!.Value, filter.From, filter.Until, page, ct, filter.Market),
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
        HttpContext context,
        CalculationReader calculations,
        ResultReads reads,
        ILogger<CalculationReader> logger,
        CancellationToken ct
    )
    {
        QueryErrors errors = new();
        var (runId, userId) = (errors.Id("run", run), errors.Id("user", user));
        if (errors.Any)
            return errors.ToProblem();
        if (SessionPrincipal.OwnerOf(context) is { } owner && owner != userId)
            return CalculationProblems.NotOwn;
        try
        {
            if (await calculations.ReadAsync(runId!.Value, userId!.Value, ct) is not { } found)
                return SessionPrincipal.OwnerOf(context) is null ? CalculationProblems.NotFound(run, user) : CalculationProblems.NotOwn;
            return await reads.TryRecordAsync(found, SessionPrincipal.ActorOf(context), ct)
                ? TypedResults.Ok(found)
                : CalculationProblems.NotRecorded(context);
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

    /// <summary>A stored calculation that can't be read, for whoever runs the installation.</summary>
    internal static void TellUnreadable(ILogger logger, string run, Exception exception) => Log.Unreadable(logger, run, exception);

    private static partial class Log
    {
        [LoggerMessage(321, LogLevel.Error, "The stored events of a calculation of run {RunId} can't be read; the request got 500.")]
        public static partial void Unreadable(ILogger logger, string runId, Exception exception);
    }
}
