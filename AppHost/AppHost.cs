using Microsoft.Extensions.Configuration;
using Overnight.AppHost;

var builder = DistributedApplication.CreateBuilder(args);
builder.AddTarget();

// A connection string in the configuration stands for a server that runs already; without one a server is started here,
// or, where the target has managed ones, made there.
IResourceBuilder<IResourceWithConnectionString> Database()
{
    if (builder.Configuration.GetConnectionString("overnight") is not null)
        return builder.AddConnectionString("overnight");

    // Kept from start to start, like the data that it opens.
    var password = builder.AddParameter(
        "postgres-password",
        new GenerateParameterDefault { MinLength = 32, Special = false },
        secret: true,
        persist: true
    );
    if (builder.AddManagedDatabase("overnight", password) is { } managed)
        return managed;
    var postgres = builder.AddPostgres("postgres", password: password).AsServer("postgres", "pg_isready");
    // A test says false, and has a server of its own that is gone afterwards.
    if (builder.Configuration.GetValue("Postgres:Keep", true))
        postgres.WithDataVolume("overnight-postgres").WithLifetime(ContainerLifetime.Persistent);
    return postgres.AddDatabase("overnight");
}

IResourceBuilder<IResourceWithConnectionString> Cache() =>
    builder.Configuration.GetConnectionString("cache") is not null
        ? builder.AddConnectionString("cache")
        : builder.AddManagedCache("cache") ?? builder.AddRedis("cache").WithoutPersistence().AsServer("redis", "redis-cli ping");

var overnight = Database();
var cache = Cache();
var adminKey = builder.AddParameter(
    "admin-key",
    new GenerateParameterDefault { MinLength = 32, Special = false },
    secret: true,
    persist: true
);

// Run once, and everyone waits for them; the second ends well whatever happens to it: a deployment never waits for a cache.
var migrations = builder
    .AddProject<Projects.Jobs>("migrations")
    .WithArgs("migrate")
    .WithReference(overnight)
    .WaitFor(overnight)
    .AsRunOnce();
var warmup = builder
    .AddProject<Projects.Jobs>("warmup")
    .WithArgs("warm", "--trigger", "deployment")
    .WithReference(overnight)
    .WaitFor(overnight)
    .WithReference(cache)
    .WaitFor(cache)
    .WaitForCompletion(migrations)
    .AsRunOnce();

var api = builder
    .AddProject<Projects.Api>("api")
    .WithReference(overnight)
    .WaitFor(overnight)
    .WithReference(cache)
    .WaitFor(cache)
    .WithEnvironment("Admin__Key", adminKey)
    .WaitForCompletion(migrations)
    .WaitForCompletion(warmup)
    .WithHttpHealthCheck("/health")
    .WithExternalHttpEndpoints()
    .AsService(builder.Configuration.GetValue("Api:Replicas", 1))
    .WithLinks()
    .WithCommands(adminKey);

// Jobs asks the api for nothing; it prints its address when the first night is done.
builder
    .AddProject<Projects.Jobs>("jobs")
    .WithReference(overnight)
    .WaitFor(overnight)
    .WithReference(cache)
    .WaitFor(cache)
    .WithReference(api)
    .WaitForCompletion(migrations)
    .AsWorker(builder.Configuration.GetValue("Jobs:Replicas", 1))
    .WithBellDashboard(adminKey);

builder.Build().Run();
