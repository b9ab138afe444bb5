using System.Globalization;
using System.Text.Json;
using Overnight.Benchmarks.Load;
using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;

namespace Overnight.Benchmarks.Dashboard;

/// <summary>
/// The Api as the product runs it, a process of its own started from its own entry point, with <see cref="ConstantAnswer"/> and
/// <see cref="RivalAnswer"/> beside.
/// </summary>
internal sealed class ApiProcess
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(1);
    private readonly Workbench bench;
    private readonly ChildProcess process;
    private readonly int port;
    private readonly string? plan;

    private ApiProcess(Workbench bench, ChildProcess process, int port, string? plan) =>
        (this.bench, this.process, this.port, this.plan) = (bench, process, port, plan);

    public int ProcessId => process.Id;

    public int Port => port;

    /// <param name="answer">File with the constant's body; null without a constant.</param>
    /// <param name="plan">File with the users' tokens; null where <see cref="LoadAsync"/> is not called.</param>
    /// <param name="connection">To a cache that is not there; null for the cache.</param>
    /// <param name="settings">Of its environment, over what every service finds.</param>
    public static async Task<ApiProcess> StartAsync(
        Workbench bench,
        PostgresServer postgres,
        CacheServer cache,
        string? answer,
        string? plan,
        CancellationToken ct,
        string? connection = null,
        IReadOnlyDictionary<string, string?>? settings = null
    )
    {
        var free = ServerProcess.FreePort();
        var environment = Workbench.ServiceEnvironment(postgres, connection ?? cache.ConnectionString);
        environment["ASPNETCORE_URLS"] = $"http://127.0.0.1:{free}";
        if (answer is not null)
        {
            environment["ASPNETCORE_HOSTINGSTARTUPASSEMBLIES"] = typeof(ConstantAnswer).Assembly.GetName().Name!;
            environment[ConstantAnswer.FileVariable] = answer;
            environment[RivalAnswer.CacheVariable] = cache.AdministratorsConnectionString;
        }
        foreach (var (name, value) in settings ?? new Dictionary<string, string?>())
            environment[name] = value;
        // With our list of assemblies, so that it finds this one; with its own runtime settings.
        string[] arguments =
        [
            "exec",
            "--depsfile",
            InFolder("Overnight.Benchmarks.deps.json"),
            "--runtimeconfig",
            InFolder("Overnight.Api.runtimeconfig.json"),
            InFolder("Overnight.Api.dll"),
        ];
        ApiProcess api = new(bench, bench.StartProgram(arguments, _ => { }, environment), free, plan);
        await api.ReadyAsync(ct);
        return api;
    }

    /// <summary>Loads one path from a process of its own.</summary>
    public async Task<LoadFigures> LoadAsync(string path, double seconds, int connections, int seed, CancellationToken ct)
    {
        List<string> lines = [];
        string[] arguments =
        [
            InFolder("Overnight.Benchmarks.dll"),
            "load",
            "--plan",
            plan ?? throw new InvalidOperationException("There is no plan to load it by."),
            "--port",
            $"{port}",
            "--path",
            path,
            "--connections",
            $"{connections}",
            "--seconds",
            seconds.ToString(CultureInfo.InvariantCulture),
            "--seed",
            $"{seed}",
        ];
        await using var generator = bench.StartProgram(
            arguments,
            line =>
            {
                lock (lines)
                    lines.Add(line);
            },
            ClosedLoopLoad.Environment
        );
        var code = await generator.Exited.WaitAsync(ct);
        return code == 0
            ? JsonSerializer.Deserialize<LoadFigures>(lines[^1], JsonSerializerOptions.Web)!
            : throw new BenchmarkException($"The load generator failed on {path}: {string.Join(Environment.NewLine, lines)}");
    }

    public Task StopAsync(TimeSpan grace) => process.StopAsync(grace);

    private async Task ReadyAsync(CancellationToken ct)
    {
        using HttpClient http = new();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(StartLimit);
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(100));
        try
        {
            while (await timer.WaitForNextTickAsync(limit.Token))
            {
                if (process.Exited.IsCompleted)
                    throw new BenchmarkException(
                        $"The Api ended with exit code {await process.Exited}: {string.Join(Environment.NewLine, process.Tail)}"
                    );
                if (await IsHealthyAsync(http, limit.Token))
                    return;
            }
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new BenchmarkException(
                $"The Api was not healthy within {StartLimit.TotalSeconds} s: {string.Join(Environment.NewLine, process.Tail)}"
            );
        }
    }

    private async Task<bool> IsHealthyAsync(HttpClient http, CancellationToken ct)
    {
        try
        {
            using var response = await http.GetAsync($"http://127.0.0.1:{port}/health", ct);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false; // Not listening yet; the caller has the deadline.
        }
    }

    private static string InFolder(string file) => Path.Combine(AppContext.BaseDirectory, file);
}
