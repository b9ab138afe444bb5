using System.Diagnostics;

namespace Overnight.Tests.Pipeline;

/// <summary>Jobs as a process of its own, to be killed as a host is killed.</summary>
internal sealed class JobsProcess : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _output,
        _error;

    private JobsProcess(Process process)
    {
        _process = process;
        _output = process.StandardOutput.ReadToEndAsync();
        _error = process.StandardError.ReadToEndAsync();
    }

    /// <param name="settings">Configuration keys, such as <c>Faults:KillAt</c>; they go through the environment.</param>
    public static JobsProcess Start(NightFixture night, string[] arguments, params (string Key, string Value)[] settings) =>
        Start(night.DatabaseConnection, night.CacheConnection, arguments, settings);

    public static JobsProcess Start(string database, string cache, string[] arguments, params (string Key, string Value)[] settings)
    {
        ProcessStartInfo start = new("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "Overnight.Jobs.dll"), .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            // Not in the repository: a running app's connections are none of a test's.
            WorkingDirectory = AppContext.BaseDirectory,
        };
        start.Environment["DOTNET_ENVIRONMENT"] = "Development";
        start.Environment["ConnectionStrings__overnight"] = database;
        start.Environment["ConnectionStrings__cache"] = cache;
        start.Environment["Night__BatchSize"] = "50";
        foreach (var (key, value) in settings)
            start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        return new(Process.Start(start)!);
    }

    public bool HasExited => _process.HasExited;

    public void Kill() => _process.Kill();

    public async Task<(int Code, string Output, string Error)> ExitAsync(CancellationToken ct)
    {
        await _process.WaitForExitAsync(ct).WaitAsync(TimeSpan.FromMinutes(2), ct);
        return (_process.ExitCode, await _output, await _error);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }
}
