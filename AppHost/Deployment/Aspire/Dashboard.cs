namespace Overnight.AppHost;

/// <summary>
/// What the rows of api and jobs in the Aspire dashboard lead to, and the buttons on the api's. A button fires on every
/// replica: each asks for what one row in the database decides, so that many of them are one.
/// </summary>
internal static class Dashboard
{
    /// <summary>Where the api takes the key; <c>AdminKey.Header</c> there.</summary>
    private const string Header = "X-Overnight-Admin-Key";

    public static IResourceBuilder<ProjectResource> WithLinks(this IResourceBuilder<ProjectResource> api) =>
        api.WithUrlForEndpoint("http", url => url.DisplayText = "Overnight")
            .WithUrlForEndpoint("http", _ => new() { Url = "/openapi/v1.json", DisplayText = "What it answers" })
            .WithUrlForEndpoint("http", _ => new() { Url = "/health", DisplayText = "Health" });

    public static IResourceBuilder<ProjectResource> WithCommands(
        this IResourceBuilder<ProjectResource> api,
        IResourceBuilder<ParameterResource> adminKey
    ) =>
        api.WithHttpCommand(
                "/api/runs",
                "Run tonight's night now",
                commandName: "run-night",
                commandOptions: Ask(adminKey, "Starts the next open's night, or joins the one that is there.", "WeatherMoon")
            )
            .WithHttpCommand(
                "/api/admin/cache/warm",
                "Warm the cache",
                commandName: "warm-cache",
                commandOptions: Ask(adminKey, "Warms every set; one that is being warmed already is left to whoever does it.", "Fire")
            )
            .WithHttpCommand(
                "/api/runs/latest/retry",
                "Retry what failed",
                commandName: "retry-failed",
                commandOptions: Ask(adminKey, "Computes again only the users that failed in the latest night.", "ArrowRepeatAll")
            );

    /// <summary>
    /// TickerQ's pages, behind the admin key and inside only: the endpoint is not external. Each replica shows its own bell.
    /// </summary>
    public static IResourceBuilder<ProjectResource> WithBellDashboard(
        this IResourceBuilder<ProjectResource> jobs,
        IResourceBuilder<ParameterResource> adminKey
    ) =>
        jobs.WithEnvironment("Admin__Key", adminKey)
            .WithHttpEndpoint()
            .WithUrlForEndpoint("http", url => (url.DisplayText, url.Url) = ("TickerQ", "/tickerq"));

    private static HttpCommandOptions Ask(IResourceBuilder<ParameterResource> adminKey, string description, string icon) =>
        new()
        {
            Description = description,
            IconName = icon,
            PrepareRequest = async context =>
                context.Request.Headers.Add(Header, await adminKey.Resource.GetValueAsync(context.CancellationToken)),
        };
}
