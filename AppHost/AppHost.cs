using Overnight.AppHost;

if (args is [ServerHomesCommand.Name, ..])
    return await ServerHomesCommand.RunAsync(args, Console.Out, Console.Error);

AppHostSettings.TellFailuresInOneBlock();
var builder = DistributedApplication.CreateBuilder(args);
builder.UseDataDirectory();

var database = await builder.AddDatabaseAsync("postgres", "overnight");
var cache = await builder.AddCacheAsync("cache");
var adminKey = builder
    .AddSecret("admin-key")
    .WithDescription("Lets programs that have no user account call the api as an administrator; the commands of `night` send it.");
var formKey = builder
    .AddSecret("form-key")
    .WithDescription("Encrypts in the database the keys by which pages tell their own forms from forged ones.");

var api = builder
    .AddProject<Projects.Api>("api")
    .WithReference(database.Api, "overnight")
    .WaitFor(database.Server)
    .WithReference(cache)
    .WaitFor(cache)
    .WithEnvironment("Admin__Key", adminKey)
    .WithEnvironment("Forms__Keys__0", formKey)
    .WithReplicas(builder.Replicas("Api"))
    .WithExternalHttpEndpoints()
    .DisableForwardedHeaders()
    .WithHttpHealthCheck("/health")
    .WithUrlForEndpoint("http", url => url.DisplayText = "Overnight")
    .WithUrlForEndpoint("http", _ => new() { Url = "/openapi/v1.json", DisplayText = "API document" })
    .WithUrlForEndpoint("http", _ => new() { Url = "/health", DisplayText = "Health" })
    .WithIconName("WeatherSunny");

var jobs = builder
    .AddProject<Projects.Jobs>("jobs")
    .WithReference(database.Owner, "overnight")
    .WithReference(database.Sets, "overnight_sets")
    .WaitFor(database.Server)
    .WithReference(cache)
    .WaitFor(cache)
    .WithReplicas(builder.Replicas("Jobs"))
    .WithIconName("WeatherMoon");

if (builder.ExecutionContext.IsRunMode)
{
    // Both run once and the api waits for both. `warmup` succeeds even when the cache is down, because a deployment must not wait for one.
    var migrations = builder
        .AddProject<Projects.Jobs>("migrations")
        .WithArgs("migrate")
        .WithReference(database.Administrator, "postgres")
        .WithReference(database.Owner, "overnight")
        .WithReference(database.Api, "overnight_api")
        .WithReference(database.Sets, "overnight_sets")
        .WaitFor(database.Server)
        .WithParentRelationship(database.Server)
        .WithHiddenOnCompletion(0)
        .WithIconName("DatabaseArrowUp")
        .StartBuilt();
    var warmup = builder
        .AddProject<Projects.Jobs>("warmup")
        .WithArgs("warm", "--trigger", "deployment")
        .WithReference(database.Owner, "overnight")
        .WithReference(database.Sets, "overnight_sets")
        .WithReference(cache)
        .WaitFor(cache)
        .WaitForCompletion(migrations)
        .WithParentRelationship(cache)
        .WithHiddenOnCompletion(0)
        .WithIconName("Fire")
        .StartBuilt();

    jobs.WithDemoTokens().WaitForCompletion(migrations).StartBuilt();
    api.WaitForCompletion(migrations).WaitForCompletion(warmup).StartBuilt();
    builder.AddNight("night", api, adminKey).WaitFor(api);
    builder.AddStartupMessage(api);
}
else
{
    // A published manifest has no start order and no run-once programs, so jobs migrates at its start, and the api is not ready until then.
    api.WithSection("Proxies");
    jobs.WithEnvironment("Database__MigrateAtStart", "true")
        .WithReference(database.Administrator, "postgres")
        .WithReference(database.Api, "overnight_api");
}

builder.RandomizeTakenPorts().Build().Run();
return 0;
