using System.Runtime.InteropServices;
using System.Text.Json;
using Overnight.AppHost;
using Overnight.LocalServers;

namespace Aspire.Hosting;

/// <summary>Starts the resources in the order of their waits, and ends all of them whatever happens.</summary>
public class DistributedApplication : IAsyncDisposable, IDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly List<Resource> resources;
    private readonly string data;
    private readonly AppConsole console;
    private Task started = Task.CompletedTask;
    private Task? stopped;
    private DistributedApplicationException? failure;

    internal DistributedApplication(DistributedApplicationBuilder builder, List<Resource> resources, string outputPath)
    {
        (this.resources, data, OutputPath) = (resources, builder.DataDirectory, outputPath);
        Repository = Path.GetDirectoryName(builder.AppHostDirectory)!;
        ResourceNotifications = new(this);
        RandomPorts = bool.TryParse(builder.Configuration["DcpPublisher:RandomizePorts"], out var random) && random;
        console = new(resources, TestRun.Current?.Output);
    }

    public ResourceNotificationService ResourceNotifications { get; }

    internal ProcessLedger? Ledger { get; private set; }
    internal string Repository { get; }
    internal string OutputPath { get; }
    internal bool RandomPorts { get; }

    public static IDistributedApplicationBuilder CreateBuilder(string[] args) => new DistributedApplicationBuilder(args);

    /// <summary>Begins to start everything; <see cref="ResourceNotifications"/> tells when what is up.</summary>
    public virtual async Task StartAsync(CancellationToken cancellationToken = default)
    {
        Ledger = await ProcessLedger.OpenAsync(data, console.Say);
        started = Task.WhenAll(resources.Select(LaunchAsync));
        _ = PublishConnectionsAsync();
    }

    public virtual Task StopAsync(CancellationToken cancellationToken = default) => (stopped ??= EndAsync()).WaitAsync(cancellationToken);

    public void Run() => RunAsync().GetAwaiter().GetResult();

    /// <summary>Runs until Ctrl+C, SIGTERM, SIGHUP or a failed start, which sets the exit code.</summary>
    public virtual async Task RunAsync(CancellationToken cancellationToken = default)
    {
        // A test starts and ends what it built itself.
        if (TestRun.Current is not null)
            return;

        TaskCompletionSource asked = new();
        void Ask(PosixSignalContext context)
        {
            context.Cancel = true;
            asked.TrySetResult();
        }
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Ask);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Ask);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Ask);
        using var cancelled = cancellationToken.Register(() => asked.TrySetResult());
        try
        {
            console.Start();
            await StartAsync(cancellationToken);
            await Task.WhenAny(asked.Task, started);
            if (!asked.Task.IsCompleted)
            {
                await started;
                console.Say("Everything is up. Ctrl+C ends it.");
                await asked.Task;
            }
            console.Say("Ending ...");
        }
        catch (Exception e) when (e is DistributedApplicationException or InvalidOperationException)
        {
            console.Say(e.Message);
            Environment.ExitCode = 1;
        }
        finally
        {
            await StopAsync(CancellationToken.None);
            await console.DisposeAsync();
        }
    }

    public virtual async ValueTask DisposeAsync()
    {
        await StopAsync();
        await console.DisposeAsync();
        stopping.Dispose();
        GC.SuppressFinalize(this);
    }

    public virtual void Dispose()
    {
        DisposeAsync().AsTask().GetAwaiter().GetResult();
        GC.SuppressFinalize(this);
    }

    /// <summary>A folder for a resource's own files.</summary>
    internal string Folder(string name) => Path.Combine(data, name);

    internal void Line(Resource resource, string text, string? instance = null)
    {
        resource.Status.LastLine = text;
        console.Line(instance ?? resource.Name, text);
    }

    internal Resource Find<T>(string name)
        where T : IResource =>
        resources.Find(r => r is T && r.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException($"There is no resource '{name}' of that kind.", nameof(name));

    /// <summary>Notes how a resource ends. One that fails is shown with its last lines, and is not started again.</summary>
    internal void Watch(Resource resource, Task<int> exited, Func<IReadOnlyList<string>> lastLines) =>
        _ = Task.Run(async () =>
        {
            var code = await exited;
            var failed = code != 0 && !stopping.IsCancellationRequested;
            if (failed)
                console.Say(
                    $"'{resource.Name}' failed with exit code {code}. Its last lines:{Environment.NewLine}  {string.Join(Environment.NewLine + "  ", lastLines().TakeLast(10))}"
                );
            resource.Status.Exit(code);
        });

    internal static void WriteSecret(string file, object content)
    {
        FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        // A file that is there keeps its mode, so it goes first.
        File.Delete(file);
        using FileStream stream = new(file, options);
        JsonSerializer.Serialize(stream, content);
    }

    private async Task LaunchAsync(Resource resource)
    {
        try
        {
            if (resource.Waits.Count > 0)
                resource.Status.Enter(KnownResourceStates.Waiting);
            await Task.WhenAll(resource.Waits.Select(wait => wait())).WaitAsync(stopping.Token);
            resource.Status.Enter(KnownResourceStates.Starting);
            await Task.Run(() => resource.StartAsync(this, stopping.Token), stopping.Token);
            resource.Status.BecomeReady();
        }
        catch (Exception e)
        {
            // Whatever it was, whoever waits for this resource must hear of it. What the first failure brings down tells that one, not its own.
            DistributedApplicationException own = new(
                e is OperationCanceledException
                    ? $"'{resource.Name}' was stopped before it was up."
                    : $"'{resource.Name}' did not start: {e.Message}",
                e
            );
            var first = Interlocked.CompareExchange(ref failure, own, null) ?? own;
            resource.Status.Fail(first);
            if (!stopping.IsCancellationRequested)
                await stopping.CancelAsync();
            throw first;
        }
    }

    /// <summary>Leaves the connections where a command started beside us finds them.</summary>
    private async Task PublishConnectionsAsync()
    {
        try
        {
            Dictionary<string, string?> strings = [];
            foreach (var resource in resources.Where(r => r is IResourceWithConnectionString and not PostgresServerResource))
            {
                strings[resource.Name] = await ((IResourceWithConnectionString)resource).GetConnectionStringAsync(stopping.Token);
            }
            var services = resources
                .OfType<ProjectResource>()
                .Where(p => p.Endpoint(this) is not null)
                .ToDictionary(p => p.Name, p => new { http = (string[])[p.Endpoint(this)!.ToString().TrimEnd('/')] });
            WriteSecret(Path.Combine(data, "connections.json"), new { ConnectionStrings = strings, services });
        }
        catch (Exception e) when (e is DistributedApplicationException or OperationCanceledException)
        {
            // What failed says so itself.
        }
    }

    /// <summary>Projects first, while what they need still runs.</summary>
    private async Task EndAsync()
    {
        if (!stopping.IsCancellationRequested)
            await stopping.CancelAsync();
        try
        {
            await started;
        }
        catch (Exception e) when (e is DistributedApplicationException or OperationCanceledException)
        {
            // Known already, or the stop itself.
        }
        await Task.WhenAll(resources.OfType<ProjectResource>().Select(project => project.StopAsync()));
        await Task.WhenAll(resources.Where(r => r is not ProjectResource).Select(server => server.StopAsync()));
        if (Ledger is null)
            return;
        File.Delete(Path.Combine(data, "connections.json"));
        Ledger.Dispose();
    }
}
