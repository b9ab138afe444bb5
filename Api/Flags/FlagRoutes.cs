using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Problems;
using Overnight.Api.Sessions;
using Overnight.Core.Flags;

namespace Overnight.Api.Flags;

/// <summary>Feature flags of this node's environment: signed-in users read them, administrators change them.</summary>
internal static class FlagRoutes
{
    public static void AddFlags(this WebApplicationBuilder builder)
    {
        builder.Services.AddFlags().AddSingleton<FlagChanges>().AddSingleton<OutageCopy>();
        builder.Services.AddHostedService<FlagUsageLoop>().AddHostedService<OutageCopyLoop>();
    }

    public static void MapFlags(this WebApplication app)
    {
        app.MapGet("/api/config/flags/{key}", GetAsync)
            .WithTags("Flags")
            .RequireAuthorization(SessionSetup.SignedIn)
            .WithMetadata(new AllowDuringOutage())
            .WithName("GetFlag")
            .WithSummary(
                "A flag, and how old the answer is. While neither the database nor the cache answers, the last value that this node knew."
            )
            .ProducesProblem(StatusCodes.Status404NotFound);

        app.MapFlagAdministration();
    }

    private static async Task<Results<FlagHttpResult, ValidationProblem, ProblemHttpResult>> GetAsync(
        string key,
        FlagReader flags,
        TimeProvider time,
        CancellationToken ct
    )
    {
        if (!FeatureFlag.IsKey(key))
            return WrongKey(key);
        var answer = await flags.GetAsync(key, ct);
        return answer.Value is { } flag ? new FlagHttpResult(flag, answer.Source, time.GetUtcNow()) : Missing(key);
    }

    /// <remarks>The message repeats the key, cut to 80 characters.</remarks>
    public static ValidationProblem WrongKey(string key) =>
        InvalidRequest.Problem("key", $"{FeatureFlag.KeyRule}, and is '{DisplayText.Short(key)}'", "The flag's key is not valid");

    public static ProblemHttpResult Missing(string key) =>
        TypedResults.Problem(
            $"There is no flag '{key}' in this environment.",
            statusCode: StatusCodes.Status404NotFound,
            title: "No such flag"
        );
}
