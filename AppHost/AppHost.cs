using Microsoft.Extensions.Configuration;

var builder = DistributedApplication.CreateBuilder(args);

// A connection string in the configuration stands for a server that runs already; without one a server is started here.
IResourceBuilder<IResourceWithConnectionString> Database()
{
    if (builder.Configuration.GetConnectionString("overnight") is not null) return builder.AddConnectionString("overnight");

    // Kept from start to start, like the data that it opens.
    var password = builder.AddParameter("postgres-password", new GenerateParameterDefault { MinLength = 32, Special = false }, secret: true, persist: true);
    return builder.AddPostgres("postgres", password: password).WithDataVolume("overnight-postgres").AddDatabase("overnight");
}

IResourceBuilder<IResourceWithConnectionString> Cache() =>
    builder.Configuration.GetConnectionString("cache") is not null ? builder.AddConnectionString("cache") : builder.AddRedis("cache");

var overnight = Database();
var cache = Cache();

var migrations = builder.AddProject<Projects.Jobs>("migrations")
    .WithArgs("migrate")
    .WithReference(overnight).WaitFor(overnight);

// Ends well whatever happens to it: a deployment never waits for a cache.
var warmup = builder.AddProject<Projects.Jobs>("warmup")
    .WithArgs("warm", "--trigger", "deployment")
    .WithReference(overnight).WaitFor(overnight)
    .WithReference(cache).WaitFor(cache)
    .WaitForCompletion(migrations);

var api = builder.AddProject<Projects.Api>("api")
    .WithReference(overnight).WaitFor(overnight)
    .WithReference(cache).WaitFor(cache)
    .WaitForCompletion(migrations)
    .WaitForCompletion(warmup)
    .WithHttpHealthCheck("/health")
    .WithExternalHttpEndpoints();

// Jobs asks the api for nothing; it prints its address when the first night is done.
builder.AddProject<Projects.Jobs>("jobs")
    .WithReplicas(builder.Configuration.GetValue("Jobs:Replicas", 1))
    .WithReference(overnight).WaitFor(overnight)
    .WithReference(cache).WaitFor(cache)
    .WithReference(api)
    .WaitForCompletion(migrations);

builder.Build().Run();
