using System.Text;
using Overnight.Benchmarks.Servers;
using Overnight.LocalServers;

namespace Overnight.Tests.Pipeline;

/// <summary>Jobs as a process of its own, to be killed as a host is killed.</summary>
internal sealed class TestJobsProcess : IDisposable
{
    private readonly StringBuilder _output = new(),
        _error = new();
    private readonly ChildProcess _process;

    private TestJobsProcess(string[] arguments, Dictionary<string, string?> environment) =>
        _process = new(
            ExternalProgram.Dotnet,
            ["exec", Path.Combine(AppContext.BaseDirectory, "Overnight.Jobs.dll"), .. arguments],
            line => _output.AppendLine(line),
            // Not in the repository: a running app's connections are none of a test's.
            AppContext.BaseDirectory,
            environment,
            line => _error.AppendLine(line)
        );

    /// <param name="settings">Configuration keys, such as <c>Faults:KillAt</c>; they go through the environment.</param>
    public static TestJobsProcess Start(PipelineFixture night, string[] arguments, params (string Key, string Value)[] settings) =>
        Start(night.DatabaseConnection, night.CacheConnection, arguments, settings);

    public static TestJobsProcess Start(string database, string cache, string[] arguments, params (string Key, string Value)[] settings)
    {
        Dictionary<string, string?> environment = new()
        {
            ["DOTNET_ENVIRONMENT"] = "Development",
            ["ConnectionStrings__overnight"] = database,
            ["ConnectionStrings__cache"] = cache,
            ["Night__BatchSize"] = "50",
        };
        foreach (var (key, value) in settings)
            environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        return new(arguments, environment);
    }

    public bool HasExited => _process.Exited.IsCompleted;

    public void Kill() => _process.Kill();

    public async Task<(int Code, string Output, string Error)> ExitAsync(CancellationToken ct)
    {
        var code = await _process.Exited.WaitAsync(TimeSpan.FromMinutes(2), ct);
        return (code, _output.ToString(), _error.ToString());
    }

    public void Dispose() => Kill();
}
