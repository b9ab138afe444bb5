using System.Text.Json;
using Overnight.LocalServers;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Portable;

public sealed class AppHostTests(TestServers servers)
{
    private const int KillNow = 9;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AppHost_Interrupted_GivesAspiresEnvironmentRefusesASecondAndLeavesNoProcess()
    {
        await using AppHostProcess host = new(await DataAsync(), ("Jobs__Replicas", "2"), ("OTEL_EXPORTER_OTLP_HEADERS", "passed=on"));
        await host.UpAsync(Ct);
        var running = host.Running;
        // PostgreSQL, the cache, the api and two replicas of jobs; migrations has ended.
        Assert.Equal(5, running.Count);

        AssertConnections(host.Data);
        if (OperatingSystem.IsLinux())
        {
            var jobs = running.Select(Variables).Where(v => v.GetValueOrDefault("OTEL_SERVICE_NAME") == "jobs").ToList();
            Assert.Equal(2, jobs.Count);
            Assert.NotEqual(jobs[0]["OTEL_RESOURCE_ATTRIBUTES"], jobs[1]["OTEL_RESOURCE_ATTRIBUTES"]);
            Assert.All(jobs, v => Assert.StartsWith("Host=127.0.0.1;", v["ConnectionStrings__overnight"], StringComparison.Ordinal));
            Assert.All(jobs, v => Assert.StartsWith("127.0.0.1:", v["ConnectionStrings__cache"], StringComparison.Ordinal));
            Assert.All(jobs, v => Assert.Equal(v["API_HTTP"], v["services__api__http__0"]));
            Assert.All(jobs, v => Assert.Equal("passed=on", v["OTEL_EXPORTER_OTLP_HEADERS"]));
            Assert.All(jobs, v => Assert.False(v.ContainsKey("ASPNETCORE_URLS")));
            var api = Assert.Single(running.Select(Variables), v => v.GetValueOrDefault("OTEL_SERVICE_NAME") == "api");
            Assert.Equal(jobs[0]["API_HTTP"] + "/", api["ASPNETCORE_URLS"]);
            Assert.Equal("Development", api["ASPNETCORE_ENVIRONMENT"]);
        }

        await using AppHostProcess second = new(host.Data);
        Assert.Equal(1, await second.Exited.WaitAsync(Ct));
        Assert.Contains($"process {host.Id}", second.Output, StringComparison.Ordinal);
        Assert.All(running, pid => Assert.True(AppHostProcess.IsAlive(pid)));

        host.Signal(ChildProcess.Interrupt);

        Assert.Equal(0, await host.Exited.WaitAsync(Ct));
        Assert.All(running, pid => Assert.False(AppHostProcess.IsAlive(pid), host.Output));
        Assert.False(File.Exists(Path.Combine(host.Data, "connections.json")));
        Assert.DoesNotContain("failed with exit code", host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AppHost_Killed_TheNextStartEndsWhatItLeftAndKeepsTheData()
    {
        var data = await DataAsync();
        IReadOnlyList<int> left;
        await using (AppHostProcess killed = new(data))
        {
            await killed.UpAsync(Ct);
            left = killed.Running;
            killed.Signal(KillNow);
            await killed.Exited.WaitAsync(Ct);
            Assert.All(left, pid => Assert.True(AppHostProcess.IsAlive(pid)));
        }

        await using AppHostProcess next = new(data);
        await next.UpAsync(Ct);

        Assert.All(left, pid => Assert.False(AppHostProcess.IsAlive(pid)));
        Assert.Equal(left.Count, next.Output.Split("which a killed AppHost left running").Length - 1);
        Assert.DoesNotContain("Making a PostgreSQL", next.Output, StringComparison.Ordinal);
        var running = next.Running;
        next.Signal(ChildProcess.Terminate);
        Assert.Equal(0, await next.Exited.WaitAsync(Ct));
        Assert.All(running, pid => Assert.False(AppHostProcess.IsAlive(pid)));
    }

    [Fact]
    public async Task AppHost_StartFails_SaysWhyAndLeavesNoProcess()
    {
        var nobody = PostgresServer.FreePort();
        await using AppHostProcess host = new(
            await DataAsync(),
            ("ConnectionStrings__overnight", $"Host=127.0.0.1;Port={nobody};Username=nobody;Password=secret-in-test;Database=none")
        );

        Assert.Equal(1, await host.Exited.WaitAsync(Ct));

        Assert.Contains("'migrations' failed with exit code", host.Output, StringComparison.Ordinal);
        Assert.Contains("it waits for 'migrations', which ended with code", host.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-in-test", host.Output, StringComparison.Ordinal);
        // An empty ledger is deleted, and nothing of this data folder runs.
        Assert.False(File.Exists(Path.Combine(host.Data, "processes.json")));
    }

    [Fact]
    public async Task Parameter_WithoutAValue_FailsNamingItsVariable()
    {
        var builder = await BuilderAsync();
        builder.AddParameter("wanted", secret: true);
        await using var app = builder.Build();
        await app.StartAsync(Ct);

        var failed = await Assert.ThrowsAsync<DistributedApplicationException>(() =>
            app.ResourceNotifications.WaitForResourceHealthyAsync("wanted", Ct)
        );

        Assert.Contains("Parameters__wanted", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parameter_GeneratedAndPersisted_IsTheSameAtTheNextStartAndForItsOwnerOnly()
    {
        var data = await DataAsync();
        List<string?> values = [];
        for (var start = 0; start < 2; start++)
        {
            var builder = await BuilderAsync(data);
            values.Add(
                await builder
                    .AddParameter("kept", new GenerateParameterDefault { MinLength = 32 }, secret: true, persist: true)
                    .Resource.GetValueAsync(Ct)
            );
        }

        Assert.Equal(32, values[0]!.Length);
        Assert.Equal(values[0], values[1]);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(data, "parameters.json")));
    }

    [Fact]
    public async Task Parameter_Configured_WinsOverItsDefault()
    {
        var builder = await BuilderAsync(null, "--Parameters:given=mine");

        var given = builder.AddParameter("given", new GenerateParameterDefault(), secret: true, persist: true);

        Assert.Equal("mine", await given.Resource.GetValueAsync(Ct));
    }

    [Fact]
    public async Task Replicas_OutOfBounds_AreRefusedWithTheirValue()
    {
        var builder = await BuilderAsync();

        var refused = Assert.Throws<DistributedApplicationException>(() => builder.AddProject<Projects.Jobs>("jobs").WithReplicas(0));

        Assert.Contains("0 replicas", refused.Message, StringComparison.Ordinal);
    }

    private async Task<IDistributedApplicationBuilder> BuilderAsync(string? data = null, params string[] args) =>
        DistributedApplication.CreateBuilder([$"--Overnight:DataDirectory={data ?? await DataAsync()}", .. args]);

    /// <summary>A folder below that of the test servers, which is deleted with it. Without servers the tests skip.</summary>
    private async Task<string> DataAsync()
    {
        await servers.CacheConnectionStringAsync(Ct);
        return await servers.CreateFolderAsync();
    }

    private static void AssertConnections(string data)
    {
        var file = Path.Combine(data, "connections.json");
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        using var connections = JsonDocument.Parse(File.ReadAllText(file));
        var strings = connections.RootElement.GetProperty("ConnectionStrings");
        Assert.EndsWith("Database=overnight", strings.GetProperty("overnight").GetString(), StringComparison.Ordinal);
        Assert.Contains(",password=", strings.GetProperty("cache").GetString(), StringComparison.Ordinal);
        Assert.StartsWith(
            "http://localhost:",
            connections.RootElement.GetProperty("services").GetProperty("api").GetProperty("http")[0].GetString(),
            StringComparison.Ordinal
        );
    }

    private static Dictionary<string, string> Variables(int pid) =>
        File.ReadAllText($"/proc/{pid}/environ")
            .Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Select(variable => variable.Split('=', 2))
            .ToDictionary(variable => variable[0], variable => variable[1]);
}
