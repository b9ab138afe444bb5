using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Sessions;
using Overnight.Core.Flags;

namespace Overnight.Api.Flags;

/// <summary>Feature flags of this node's environment: read by whoever is signed in, changed by administrators (SPEC F1, F5).</summary>
internal static class FlagRoutes
{
    public static void AddFlags(this WebApplicationBuilder builder)
    {
        builder.Services.AddFlags();
        builder.Services.AddHostedService<FlagAccessLoop>();
    }

    public static void MapFlags(this WebApplication app)
    {
        app.MapGet("/api/config/flags/{key}", GetAsync)
            .WithTags("Flags")
            .ForSignedIn()
            .WithMetadata(new AllowDuringOutage())
            .WithName("GetFlag")
            .WithSummary(
                "A flag, and how old the answer is: also while neither the database nor the cache answers, as long as this node has known it."
            )
            .ProducesProblem(StatusCodes.Status404NotFound);

        app.MapFlagAdministration();
    }

    private static async Task<Results<FlagAnswer, ValidationProblem, ProblemHttpResult>> GetAsync(
        string key,
        FlagReader flags,
        TimeProvider time,
        HttpResponse response,
        CancellationToken ct
    )
    {
        response.Headers.CacheControl = "private, no-store";
        if (!FeatureFlag.IsKey(key))
            return WrongKey(key);
        var answer = await flags.GetAsync(key, ct);
        return answer.Value is { } flag ? new FlagAnswer(flag, answer.Source, time.GetUtcNow()) : Missing(key);
    }

    /// <remarks>The key is told as it came, cut where it is long.</remarks>
    public static ValidationProblem WrongKey(string key) =>
        TypedResults.ValidationProblem(
            new Dictionary<string, string[]>(StringComparer.Ordinal)
            {
                ["key"] = [$"{FeatureFlag.KeyRule}, and is '{(key.Length > 80 ? $"{key[..80]}.." : key)}'"],
            },
            title: "The flag's key is not valid"
        );

    public static ProblemHttpResult Missing(string key) =>
        TypedResults.Problem(
            $"There is no flag '{key}' in this environment.",
            statusCode: StatusCodes.Status404NotFound,
            title: "No such flag"
        );
}
