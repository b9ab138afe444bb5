using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Paging;
using Overnight.Api.Problems;
using Overnight.Api.Sessions;
using Overnight.Core.Explanations;
using Overnight.Core.Portfolios;

namespace Overnight.Api.Explanations;

/// <summary>Answers what a result would have been with other inputs. Nothing is stored.</summary>
internal static class WhatIfRoute
{
    public const string Path = "/api/what-if";

    private const string Invalid = "The question is not valid";

    public static void MapWhatIf(this WebApplication app) =>
        app.MapPost(Path, AskAsync)
            .WithTags("Explanations")
            .RequireAuthorization(SessionSetup.SignedInOrKey)
            .WithName("AskWhatIf")
            .WithSummary(
                "What the result in force, or that of run, would have been with another contribution, targets or criteria, another value of a fundamental, a shifted target range, or cash in a class: the result as a night would write it. Nothing is stored. Other criteria get the next version. Administrators add user; the user then sees who opened the result (ListResultReads)."
            )
            .Accepts<WhatIfDocument>(isOptional: true, "application/json")
            .Produces<WhatIfResultDocument>()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);

    private static async Task<Results<FileContentHttpResult, ValidationProblem, ProblemHttpResult>> AskAsync(
        string? run,
        string? user,
        HttpContext context,
        ExplanationAccess results,
        TimeProvider time,
        CancellationToken ct
    )
    {
        QueryErrors errors = new();
        var (runId, subject) = (errors.Id("run", run), ExplanationAccess.Subject(context, user, errors));
        if (errors.Any)
            return errors.ToProblem();
        var (asked, faults) = await WhatIfRequest.ReadAsync(context.Request.Body, ct);
        if (faults.Count > 0)
            return InvalidRequest.Problem(faults, Invalid);
        var (result, problem) = await results.OpenAsync(context, subject!.Value, runId, ct, asked.Criteria is null);
        if (result is null)
            return problem!;
        var (answer, refused) = Answer(result, asked, faults, time);
        if (answer is not null)
            return TypedResults.Bytes(answer, "application/json");
        return refused is null ? InvalidRequest.Problem(faults, Invalid) : refused;
    }

    /// <returns>The answer; else the problem; else neither, and the errors say which fields are wrong.</returns>
    internal static (byte[]? Answer, ProblemHttpResult? Problem) Answer(
        CapturedCalculation result,
        WhatIfRequest asked,
        Dictionary<string, string[]> errors,
        TimeProvider time
    )
    {
        var change = asked.Resolve(result.Inputs, errors);
        if (errors.Count > 0)
            return (null, null);
        var now = time.GetUtcNow();
        try
        {
            var changed = change.ApplyTo(result.Inputs);
            // Results have times to the millisecond.
            return (WhatIfResultWriter.Write(result, changed, now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMillisecond))), null);
        }
        catch (CalculationException exception) when (change.Cash is not null && exception.Reason == "out_of_range")
        {
            // The result itself was in range.
            errors["cash.amount"] = [$"can't be calculated with: {exception.Message}"];
            return (null, null);
        }
        catch (CalculationException exception)
        {
            return (null, ExplanationProblems.NotCalculable(exception));
        }
    }
}
