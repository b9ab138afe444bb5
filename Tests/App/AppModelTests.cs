using System.Diagnostics;
using System.Text.Json;
using Overnight.Tests.Harness;

namespace Overnight.Tests.App;

/// <summary>What AppHost.cs builds, without starting anything.</summary>
public sealed class AppModelTests(TestServers servers) : IAsyncLifetime
{
    private string _data = "";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _data = await servers.CreateFolderAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Model_OfProcesses_WaitsForWhatItNeeds()
    {
        await using var builder = await CreateAsync("--Servers=processes", "--Jobs:Replicas=3", "--Api:Replicas=2");

        Assert.Equal(["postgres"], Waits(builder, "migrations", WaitType.WaitUntilHealthy));
        Assert.Equal(["migrations"], Waits(builder, "warmup", WaitType.WaitForCompletion));
        Assert.Equal(["cache"], Waits(builder, "warmup", WaitType.WaitUntilHealthy));
        Assert.Equal(["cache", "postgres"], Waits(builder, "api", WaitType.WaitUntilHealthy));
        Assert.Equal(["migrations", "warmup"], Waits(builder, "api", WaitType.WaitForCompletion));
        Assert.Equal(["cache", "postgres"], Waits(builder, "jobs", WaitType.WaitUntilHealthy));
        Assert.Equal(["migrations"], Waits(builder, "jobs", WaitType.WaitForCompletion));
        Assert.Equal(["api"], Waits(builder, "night", WaitType.WaitUntilHealthy));
        Assert.Equal((3, 2), (Replicas(builder, "jobs"), Replicas(builder, "api")));
        Assert.Equal(("postgres", "cache"), (Parent(builder, "migrations"), Parent(builder, "warmup")));
        Assert.All((string[])["api", "postgres", "cache"], name =>
            Assert.True(Find(builder, name).TryGetAnnotationsOfType<HealthCheckAnnotation>(out _), name)
        );
        Assert.Equal(
            ["doctor", "retry", "run", "schedule", "warm"],
            Find(builder, "night")
                .Annotations.OfType<ResourceCommandAnnotation>()
                .Select(command => command.Name)
                .Order(StringComparer.Ordinal)
        );
        Assert.DoesNotContain(builder.Resources, resource => resource is ContainerResource);
    }

    [Fact]
    public async Task Model_OfContainers_PinsTagsAndKeepsTheVolume()
    {
        await using var builder = await CreateAsync("--Servers=containers");

        var postgres = Find(builder, "postgres");
        Assert.True(postgres.TryGetLastAnnotation<ContainerImageAnnotation>(out var image));
        Assert.Matches("^[0-9]+\\.[0-9]+$", image.Tag!);
        Assert.True(Find(builder, "cache").TryGetLastAnnotation<ContainerImageAnnotation>(out var cacheImage));
        Assert.Matches("^[0-9]+\\.[0-9]+$", cacheImage.Tag!);
        var volume = Assert.Single(postgres.Annotations.OfType<ContainerMountAnnotation>());
        Assert.Equal(ContainerMountType.Volume, volume.Type);
        Assert.True(postgres.TryGetLastAnnotation<ContainerLifetimeAnnotation>(out var lifetime));
        Assert.Equal(ContainerLifetime.Persistent, lifetime.Lifetime);
        Assert.Equal(["postgres"], Waits(builder, "migrations", WaitType.WaitUntilHealthy));
    }

    [Fact]
    public async Task Model_WithConnectionStrings_HasNoServers()
    {
        await using var builder = await CreateAsync("--ConnectionStrings:overnight=Host=here", "--ConnectionStrings:cache=here:1");

        Assert.Equal(
            [
                "admin-key",
                "api",
                "cache",
                "demo-admin-token",
                "demo-token",
                "form-key",
                "jobs",
                "migrations",
                "night",
                "overnight",
                "warmup",
            ],
            // Aspire has a hidden one beside each project, which builds it anew.
            builder
                .Resources.Select(resource => resource.Name)
                .Where(name => !name.EndsWith("-rebuilder", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
        );
        Assert.Equal(["cache", "overnight"], Waits(builder, "api", WaitType.WaitUntilHealthy));
    }

    [Fact]
    public async Task Servers_OfAnotherWord_AreRefusedWithTheValue()
    {
        var refused = await Assert.ThrowsAnyAsync<Exception>(() => CreateAsync("--Servers=cloud"));

        Assert.Contains("Servers must be containers or processes, and is 'cloud'", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Secrets_AreTheSameAtTheNextStartAndForTheirOwnerOnly()
    {
        List<string?> passwords = [];
        for (var start = 0; start < 2; start++)
        {
            await using var builder = await CreateAsync("--Servers=processes");
            passwords.Add(await ((ParameterResource)Find(builder, "postgres-password")).GetValueAsync(Ct));
            await using var app = await builder.BuildAsync(Ct);
        }

        Assert.Equal(32, passwords[0]!.Length);
        Assert.Equal(passwords[0], passwords[1]);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_data, "parameters.json")));
    }

    [Fact]
    public async Task Manifest_Published_HasContainersProjectsAndParametersAndNothingOfThisMachine()
    {
        var file = Path.Combine(_data, "manifest.json");
        using var publish = Process.Start(
            AppHostProcess.Program,
            ["--publisher", "manifest", "--output-path", file, "--Proxies:Networks:0=10.9.0.0/16"]
        );
        await publish.WaitForExitAsync(Ct).WaitAsync(TimeSpan.FromMinutes(2), Ct);
        Assert.Equal(0, publish.ExitCode);

        var text = await File.ReadAllTextAsync(file, Ct);
        using var manifest = JsonDocument.Parse(text);
        var types = manifest
            .RootElement.GetProperty("resources")
            .EnumerateObject()
            .ToDictionary(r => r.Name, r => r.Value.GetProperty("type").GetString(), StringComparer.Ordinal);

        Assert.Equal(("container.v0", "container.v0"), (types["postgres"], types["cache"]));
        Assert.Equal(("project.v0", "project.v0"), (types["api"], types["jobs"]));
        Assert.All(
            (string[])
                [
                    "postgres-password",
                    "overnight-password",
                    "overnight-api-password",
                    "overnight-sets-password",
                    "cache-password",
                    "admin-key",
                    "form-key",
                ],
            name => Assert.Equal("parameter.v0", types[name])
        );
        Assert.DoesNotContain(types.Keys, name => name is "migrations" or "warmup" or "night" or "demo-token");
        Assert.DoesNotContain("executable.v0", types.Values);
        var jobs = manifest.RootElement.GetProperty("resources").GetProperty("jobs").GetProperty("env");
        Assert.Equal("true", jobs.GetProperty("Database__MigrateAtStart").GetString());
        Assert.Equal("{postgres.connectionString}", jobs.GetProperty("ConnectionStrings__postgres").GetString());
        var api = manifest.RootElement.GetProperty("resources").GetProperty("api");
        Assert.Equal("{overnight-api.connectionString}", api.GetProperty("env").GetProperty("ConnectionStrings__overnight").GetString());
        Assert.Equal("{form-key.value}", api.GetProperty("env").GetProperty("Forms__Keys__0").GetString());
        Assert.Equal("10.9.0.0/16", api.GetProperty("env").GetProperty("Proxies__Networks__0").GetString());
        Assert.False(api.GetProperty("env").TryGetProperty("ASPNETCORE_FORWARDEDHEADERS_ENABLED", out _));
        Assert.True(api.GetProperty("bindings").GetProperty("http").GetProperty("external").GetBoolean());
        Assert.DoesNotContain("127.0.0.1", text, StringComparison.Ordinal);
    }

    private Task<IDistributedApplicationTestingBuilder> CreateAsync(params string[] args) =>
        DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>([$"--Overnight:DataDirectory={_data}", .. args], Ct);

    private static IResource Find(IDistributedApplicationTestingBuilder builder, string name) =>
        builder.Resources.Single(resource => resource.Name == name);

    private static IEnumerable<string> Waits(IDistributedApplicationTestingBuilder builder, string name, WaitType type) =>
        Find(builder, name)
            .Annotations.OfType<WaitAnnotation>()
            .Where(wait => wait.WaitType == type && wait.Resource.Name != $"{name}-prepare")
            .Select(wait => wait.Resource.Name)
            .Distinct()
            .Order(StringComparer.Ordinal);

    private static int Replicas(IDistributedApplicationTestingBuilder builder, string name) =>
        Find(builder, name).TryGetLastAnnotation<ReplicaAnnotation>(out var replicas) ? replicas.Replicas : 1;

    private static string? Parent(IDistributedApplicationTestingBuilder builder, string name) =>
        Find(builder, name)
            .Annotations.OfType<ResourceRelationshipAnnotation>()
            .Where(r => r.Type == "Parent")
            .Select(r => r.Resource.Name)
            .FirstOrDefault();
}
