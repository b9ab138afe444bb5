using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Overnight.Api.Audit;
using Overnight.Api.Paging;
using Overnight.Api.Sessions;
using Overnight.Core;
using Overnight.Core.Caching;
using Overnight.Core.Explanations;
using Overnight.Core.Portfolios;

namespace Overnight.Api.Explanations;

/// <summary>Routes that explain results: why, what changed, what if. All from captured inputs, when asked.</summary>
internal static class ExplanationRoutes
{
    private const string OfUser = " Administrators add user; the user then sees who opened the result (ListResultReads).";

    public static void AddExplanations(this WebApplicationBuilder builder)
    {
        builder.Services.AddSection<ExplanationOptions>(ExplanationOptions.Section);
        builder
            .Services.AddSingleton(services => new SnapshotMemory(
                services.GetRequiredService<IOptions<ExplanationOptions>>().Value.SnapshotBytes
            ))
            .AddSingleton<CapturedInputsReader>()
            .AddSingleton<ExplanationAccess>()
            .AddReader<ExplanationSearches>();
    }

    public static void MapExplanations(this WebApplication app)
    {
        var group = app.MapGroup(CalculationRoutes.Path).WithTags("Explanations").RequireAuthorization(SessionSetup.SignedInOrKey);
        group
            .MapGet("{run}/why", WhyAsync)
            .WithName("GetWhy")
            .WithSummary(
                "Why each holding of a result has its amount: class, criteria with values and points, priority, and what became of the contribution."
                    + OfUser
            )
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        group
            .MapGet("{run}/why/{asset}", WhyOneAsync)
            .WithName("GetWhyOfHolding")
            .WithSummary(
                "The same for one holding, with what would have made it the first to buy: the least change of a fundamental, of its class's target range, and of the value in a class, each with the what-if that proves it. 503 when the search takes too long, 429 while another search of the same user is under way."
                    + OfUser
            )
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
            .ProducesProblem(StatusCodes.Status429TooManyRequests);
        group
            .MapGet("changes", ChangesAsync)
            .WithName("GetChanges")
            .WithSummary(
                "What changed between the results of two runs (before, and after, which is the later one): each amount's difference in parts by cause, which add up exactly. Two base currencies are not split."
                    + OfUser
            )
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        app.MapWhatIf();
    }

    private static async Task<Results<Ok<WhyDocument>, ValidationProblem, ProblemHttpResult>> WhyAsync(
        string run,
        string? user,
        HttpContext context,
        ExplanationAccess results,
        CancellationToken ct
    )
    {
        QueryErrors errors = new();
        var (runId, subject) = (errors.Id("run", run), ExplanationAccess.Subject(context, user, errors));
        if (errors.Any)
            return errors.ToProblem();
        var (result, problem) = await results.OpenAsync(context, subject!.Value, runId, ct);
        if (result is null)
            return problem!;
        try
        {
            return TypedResults.Ok(WhyDocument.Of(result));
        }
        catch (CalculationException exception)
        {
            return ExplanationProblems.NotCalculable(exception);
        }
    }

    private static async Task<Results<Ok<HoldingWhyDocument>, ValidationProblem, ProblemHttpResult>> WhyOneAsync(
        string run,
        string asset,
        string? user,
        HttpContext context,
        ExplanationAccess results,
        ExplanationSearches searches,
        CancellationToken ct
    )
    {
        QueryErrors errors = new();
        var (runId, assetId) = (errors.Id("run", run), errors.Id("asset", asset));
        var subject = ExplanationAccess.Subject(context, user, errors);
        if (errors.Any)
            return errors.ToProblem();
        var (result, problem) = await results.OpenAsync(context, subject!.Value, runId, ct);
        if (result is null)
            return problem!;
        try
        {
            if (HoldingWhyDocument.Of(result, assetId!.Value) is not (var document, var holding))
                return ExplanationProblems.NoSuchAsset(assetId.Value, result.RunId);
            if (document.Holding.Rank is null)
                return TypedResults.Ok(document);
            var asker = SessionPrincipal.ActorOf(context).UserId ?? Guid.Empty;
            return await searches.FindAsync(result, holding, asker, searches.Limit, ct) switch
            {
                { First: { } first } => TypedResults.Ok(document with { First = first }),
                { IsBusy: true } => ExplanationProblems.Busy(context),
                _ => ExplanationProblems.TooLong(context, searches.Limit),
            };
        }
        catch (CalculationException exception)
        {
            return ExplanationProblems.NotCalculable(exception);
        }
    }

    private static async Task<Results<Ok<ChangesDocument>, ValidationProblem, ProblemHttpResult>> ChangesAsync(
        string? before,
        string? after,
        string? user,
        HttpContext context,
        ExplanationAccess results,
        CancellationToken ct
    )
    {
        QueryErrors errors = new();
        var (older, newer) = (errors.Id("before", before), errors.Id("after", after));
        if (before is null)
            errors.Add("before", "must be given: the id of a run");
        if (after is null)
            errors.Add("after", "must be given: the id of a run");
        var subject = ExplanationAccess.Subject(context, user, errors);
        if (errors.Any)
            return errors.ToProblem();
        var (first, problem) = await results.OpenAsync(context, subject!.Value, older, ct);
        if (first is null)
            return problem!;
        (var second, problem) = await results.OpenAsync(context, subject.Value, newer, ct);
        if (second is null)
            return problem!;
        if (first.IsLaterThan(second))
            return ExplanationProblems.WrongOrder(first, second);
        try
        {
            return TypedResults.Ok(ChangesDocument.Of(first, second));
        }
        catch (CalculationException exception)
        {
            return ExplanationProblems.NotCalculable(exception);
        }
    }
}
