using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Overnight.LocalServers;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>A project, run as <c>dotnet</c> on what its build put out, with the environment that Aspire would give it.</summary>
public class ProjectResource(string name)
    : Resource(name),
        IResourceWithArgs,
        IResourceWithEnvironment,
        IResourceWithServiceDiscovery,
        IResourceWithWaitSupport
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan SlowestPoll = TimeSpan.FromMilliseconds(250);
    private readonly List<ChildProcess> processes = [];
    private Uri? endpoint;

    internal IProjectMetadata Metadata { get; init; } = null!;
    internal int Replicas { get; set; } = 1;
    internal List<string> Arguments { get; } = [];

    /// <summary>Each gives one variable; connection strings are known only once their server runs.</summary>
    internal List<Func<DistributedApplication, CancellationToken, Task<(string Name, string? Value)>>> Variables { get; } = [];
    internal (string Path, int Status)? HealthCheck { get; set; }

    /// <summary>Where it listens: as its launch settings say while that port is free. Null for a project without an endpoint.</summary>
    internal Uri? Endpoint(DistributedApplication app)
    {
        // Asked by itself and by those that refer to it, and a free port is a new one each time.
        lock (processes)
        {
            if (endpoint is not null || LaunchProfile() is not { } profile || !profile.TryGetProperty("applicationUrl", out var urls))
                return endpoint;
            UriBuilder url = new(urls.GetString()!.Split(';').First(u => u.StartsWith("http:", StringComparison.Ordinal)));
            if (app.RandomPorts || !IsFree(url.Port))
                url.Port = PostgresServer.FreePort();
            return endpoint = url.Uri;
        }
    }

    internal override async Task StartAsync(DistributedApplication app, CancellationToken ct)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(Metadata.ProjectPath))!;
        var program = Path.Combine(folder, app.OutputPath, $"Overnight.{Path.GetFileNameWithoutExtension(Metadata.ProjectPath)}.dll");
        if (!File.Exists(program))
            throw new DistributedApplicationException(
                $"{program} is not there: build the AppHost, which builds its projects (dotnet build AppHost)."
            );
        Status.Url = Endpoint(app)?.ToString().TrimEnd('/');
        var environment = await EnvironmentAsync(app, ct);

        for (var replica = 1; replica <= Replicas; replica++)
        {
            var instance = Replicas == 1 ? Name : $"{Name}-{replica}";
            environment["OTEL_RESOURCE_ATTRIBUTES"] = string.Join(
                ',',
                new[]
                {
                    Environment.GetEnvironmentVariable("OTEL_RESOURCE_ATTRIBUTES"),
                    $"service.instance.id={instance}-{Environment.ProcessId}",
                }.Where(a => !string.IsNullOrEmpty(a))
            );
            ChildProcess process = new(
                ChildProcess.Dotnet,
                [program, .. Arguments],
                line => app.Line(this, line, instance),
                directory: folder,
                environment: environment,
                ledger: app.Ledger
            );
            lock (processes)
                processes.Add(process);
        }
        app.Watch(this, ExitedAsync(), () =>
            [.. processes.Where(p => p.Exited is { IsCompletedSuccessfully: true, Result: not 0 }).SelectMany(p => p.Tail)]
        );
        if (HealthCheck is { } check)
            await HealthyAsync(check, ct);
    }

    internal override async Task StopAsync()
    {
        ChildProcess[] running;
        lock (processes)
            running = [.. processes];
        await Task.WhenAll(running.Select(process => process.StopAsync(Grace)));
    }

    private async Task<Dictionary<string, string?>> EnvironmentAsync(DistributedApplication app, CancellationToken ct)
    {
        Dictionary<string, string?> environment = new()
        {
            ["OTEL_SERVICE_NAME"] = Name,
            ["ASPNETCORE_URLS"] = endpoint?.ToString(),
            ["Logging__Console__FormatterName"] = "simple",
            ["Logging__Console__FormatterOptions__SingleLine"] = "true",
        };
        if (LaunchProfile() is { } profile && profile.TryGetProperty("environmentVariables", out var variables))
        {
            // What we were started with wins: DOTNET_ENVIRONMENT=Production is meant for them, too.
            foreach (var variable in variables.EnumerateObject())
                environment[variable.Name] = Environment.GetEnvironmentVariable(variable.Name) ?? variable.Value.GetString();
        }
        foreach (var variable in Variables)
        {
            var (key, value) = await variable(app, ct);
            environment[key] = value;
        }
        return environment;
    }

    /// <returns>The code of the first replica that failed, else 0 when all have ended.</returns>
    private async Task<int> ExitedAsync()
    {
        var code = 0;
        await foreach (var exited in Task.WhenEach(processes.Select(process => process.Exited)))
        {
            if ((code = await exited) != 0)
                break;
        }
        return code;
    }

    private async Task HealthyAsync((string Path, int Status) check, CancellationToken ct)
    {
        using HttpClient client = new()
        {
            BaseAddress = endpoint
                ?? throw new DistributedApplicationException(
                    $"'{Name}' has a health check but no endpoint: give it an applicationUrl in Properties/launchSettings.json."
                ),
            Timeout = TimeSpan.FromSeconds(5),
        };
        for (var pause = TimeSpan.FromMilliseconds(20); ; pause = pause * 2 > SlowestPoll ? SlowestPoll : pause * 2)
        {
            if (Status.Exited.IsCompleted)
                throw new DistributedApplicationException($"it exited with code {await Status.Exited} before it was healthy.");
            try
            {
                using var answer = await client.GetAsync(check.Path, ct);
                if ((int)answer.StatusCode == check.Status)
                    return;
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !ct.IsCancellationRequested)
            {
                // Not listening yet.
            }
            await Task.WhenAny(Status.Exited, Task.Delay(pause, ct));
        }
    }

    private JsonElement? LaunchProfile()
    {
        var file = Path.Combine(Path.GetDirectoryName(Metadata.ProjectPath)!, "Properties", "launchSettings.json");
        if (!File.Exists(file))
            return null;
        using var settings = JsonDocument.Parse(File.ReadAllText(file));
        return settings
            .RootElement.GetProperty("profiles")
            .EnumerateObject()
            .Select(profile => profile.Value)
            .First(profile => profile.GetProperty("commandName").GetString() == "Project")
            .Clone();
    }

    private static bool IsFree(int port)
    {
        try
        {
            using TcpListener listener = new(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
