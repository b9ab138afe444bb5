using System.Reflection;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Net.Http.Headers;
using Overnight.Api.Audit;
using Overnight.Api.Paging;
using Overnight.Api.Sessions;
using Overnight.Core;
using Overnight.Core.Proof;

namespace Overnight.Api.Proof;

/// <summary>Gives users the receipt of one of their own calculations.</summary>
internal static partial class ReceiptRoute
{
    public static void AddReceipts(this WebApplicationBuilder builder) => builder.Services.AddSingleton<ReceiptReader>();

    public static void MapReceipts(this WebApplication app) =>
        app.MapGet($"{CalculationRoutes.Path}/{{run}}/receipt", GetAsync)
            .WithTags("Calculations")
            .RequireAuthorization(SessionSetup.SignedIn)
            .WithName("GetReceipt")
            .WithSummary(
                "The receipt of the user's own calculation in a run, as a file: result, inputs, and the path to the run's root, which ListRoots publishes. jobs verify --receipt FILE --root HEX checks it without a database. 404 for a run that is not sealed yet, or is from before the chain began."
            )
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status500InternalServerError);

    private static async Task<Results<ReceiptHttpResult, ValidationProblem, ProblemHttpResult>> GetAsync(
        string run,
        HttpContext context,
        ReceiptReader receipts,
        ILogger<ReceiptReader> logger,
        CancellationToken ct
    )
    {
        QueryErrors errors = new();
        var runId = errors.Id("run", run);
        if (errors.Any)
            return errors.ToProblem();
        try
        {
            return await receipts.FindAsync(runId!.Value, SessionPrincipal.Of(context).UserId, ct) is { } receipt
                ? new ReceiptHttpResult(receipt)
                : NotFound;
        }
        catch (InvalidDataException exception)
        {
            // The calculation exists, and its user must be told that it is not as it was sealed.
            Log.NotAsSealed(logger, run, exception.Message);
            return TypedResults.Problem(
                exception.Message,
                statusCode: StatusCodes.Status500InternalServerError,
                title: "The stored calculation is not as it was sealed"
            );
        }
    }

    private static ProblemHttpResult NotFound =>
        TypedResults.Problem(
            $"You have no sealed calculation in this run: there is none, the run is not finished, or it is from before the chain began. {CalculationRoutes.Path} lists yours.",
            statusCode: StatusCodes.Status404NotFound,
            title: "No receipt"
        );

    private static partial class Log
    {
        [LoggerMessage(329, LogLevel.Error, "A receipt of run {RunId} could not be made; the request got 500. {Reason}")]
        public static partial void NotAsSealed(ILogger logger, string runId, string reason);
    }
}

/// <summary>The receipt as an attachment.</summary>
internal sealed class ReceiptHttpResult(Receipt receipt) : IResult, IEndpointMetadataProvider
{
    private const string ContentType = "application/json";

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var (response, bytes) = (httpContext.Response, receipt.ToJson());
        response.ContentType = ContentType;
        response.ContentLength = bytes.Length;
        response.Headers.ContentDisposition = new ContentDispositionHeaderValue("attachment")
        {
            FileName = $"overnight-receipt-{IsoDate.Of(receipt.BusinessDate)}.json",
        }.ToString();
        await response.Body.WriteAsync(bytes, httpContext.RequestAborted);
    }

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(Receipt), [ContentType]));
}
