using System.Collections.Concurrent;
using System.Diagnostics;
using Overnight.Tests.Harness;

namespace Overnight.Tests.App;

/// <summary>The AppHost as a process of its own, as <c>dotnet run</c> starts it, and everything that it started.</summary>
internal sealed class AppHostProcess : IAsyncDisposable
{
    /// <summary>Inherited by all that the AppHost starts, so that it can be found whoever its parent is by then.</summary>
    private const string MarkVariable = "OVERNIGHT_TEST_RUN";

    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(60);
    private readonly Process _process;
    private readonly string _mark = Guid.NewGuid().ToString("N");
    private readonly ConcurrentQueue<string> _lines = [];
    private readonly TaskCompletionSource<string> _curl = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public AppHostProcess(string data, params IEnumerable<(string Name, string Value)> environment)
    {
        ProcessStartInfo start = new(Program)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (
            var (name, value) in (IEnumerable<(string, string)>)
                [
                    ("Overnight__DataDirectory", data),
                    ("Servers", "processes"),
                    ("DcpPublisher__RandomizePorts", "true"),
                    ("DOTNET_ENVIRONMENT", "Development"),
                    ("ASPIRE_ALLOW_UNSECURED_TRANSPORT", "true"),
                    ("ASPNETCORE_URLS", "http://127.0.0.1:0"),
                    ("ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL", "http://127.0.0.1:0"),
                    ("Demo__Users", "100"),
                    (MarkVariable, _mark),
                    .. environment,
                ]
        )
            start.Environment[name] = value;
        _process = new() { StartInfo = start };
        _process.OutputDataReceived += (_, e) => Received(e.Data);
        _process.ErrorDataReceived += (_, e) => Received(e.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>The program that the tests were built with.</summary>
    public static string Program { get; } =
        Path.Combine(
            Repository.Folder,
            "AppHost",
            "bin",
            Path.GetRelativePath(Path.Combine(Repository.Folder, "Tests", "bin"), AppContext.BaseDirectory),
            "Overnight.AppHost"
        );

    public string Output => string.Join(Environment.NewLine, _lines);

    /// <summary>Ends with the line that shows a cached dashboard; fails when the app ends before.</summary>
    public async Task<string> UpAsync(CancellationToken ct)
    {
        await Task.WhenAny(_curl.Task, _process.WaitForExitAsync(ct)).WaitAsync(TimeSpan.FromMinutes(3), ct);
        Assert.True(_curl.Task.IsCompleted, Output);
        return await _curl.Task;
    }

    public async Task<int> ExitAsync(CancellationToken ct)
    {
        await _process.WaitForExitAsync(ct).WaitAsync(StopLimit, ct);
        return _process.ExitCode;
    }

    /// <param name="signal">A name that kill(1) knows.</param>
    public void Signal(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{_process.Id}"]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }

    /// <summary>The command lines of what the AppHost started and still runs.</summary>
    public IReadOnlyList<string> Children() =>
        [
            .. Directory
                .EnumerateDirectories("/proc")
                .Where(folder =>
                    int.TryParse(Path.GetFileName(folder), out var id)
                    && id != _process.Id
                    && Read(folder, "environ").Contains(_mark, StringComparison.Ordinal)
                )
                .Select(folder => Read(folder, "cmdline").Replace('\0', ' ')),
        ];

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Signal("TERM");
            try
            {
                await _process.WaitForExitAsync().WaitAsync(StopLimit);
            }
            catch (TimeoutException)
            {
                _process.Kill(entireProcessTree: true);
            }
        }
        _process.Dispose();
        TestContext.Current.TestOutputHelper?.WriteLine(Output);
    }

    private void Received(string? line)
    {
        if (line is null)
            return;
        _lines.Enqueue(line);
        if (line.StartsWith("curl ", StringComparison.Ordinal))
            _curl.TrySetResult(line);
    }

    private static string Read(string folder, string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, file));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return ""; // It ended meanwhile, or is another user's.
        }
    }
}
