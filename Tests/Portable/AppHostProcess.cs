using System.Collections.Concurrent;
using System.Text.Json;
using Overnight.LocalServers;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Portable;

/// <summary>The AppHost as a process of its own, as <c>dotnet run</c> starts it.</summary>
internal sealed class AppHostProcess : IAsyncDisposable
{
    private readonly ChildProcess process;
    private readonly ConcurrentQueue<string> lines = [];
    private readonly TaskCompletionSource up = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public AppHostProcess(string data, params IEnumerable<(string Name, string? Value)> environment)
    {
        Data = data;
        Dictionary<string, string?> variables = new()
        {
            ["Overnight__DataDirectory"] = data,
            ["DcpPublisher__RandomizePorts"] = "true",
            ["DOTNET_ENVIRONMENT"] = "Development",
        };
        foreach (var (name, value) in environment)
            variables[name] = value;
        var program = Path.Combine(
            Repository.Folder,
            "AppHost",
            "bin",
            Path.GetRelativePath(Path.Combine(Repository.Folder, "Tests", "bin"), AppContext.BaseDirectory),
            "Overnight.AppHost.dll"
        );
        process = new(ChildProcess.Dotnet, [program], Said, environment: variables);
    }

    public string Data { get; }
    public int Id => process.Id;
    public Task<int> Exited => process.Exited;
    public string Output => string.Join(Environment.NewLine, lines);

    /// <summary>The processes of its ledger.</summary>
    public IReadOnlyList<int> Running
    {
        get
        {
            using var ledger = JsonDocument.Parse(File.ReadAllText(Path.Combine(Data, "processes.json")));
            return
            [
                .. ledger.RootElement.GetProperty(nameof(Running)).EnumerateArray().Select(entry => entry.GetProperty("Pid").GetInt32()),
            ];
        }
    }

    public static bool IsAlive(int pid)
    {
        if (OperatingSystem.IsLinux())
            return File.Exists($"/proc/{pid}/stat") && !File.ReadAllText($"/proc/{pid}/stat").Contains(") Z ", StringComparison.Ordinal);
        return ChildProcess.Signal(pid, 0) == 0;
    }

    public async Task UpAsync(CancellationToken ct)
    {
        await Task.WhenAny(up.Task, Exited).WaitAsync(ct);
        Assert.True(up.Task.IsCompleted, Output);
    }

    public void Signal(int signal) => Assert.Equal(0, ChildProcess.Signal(Id, signal));

    public async ValueTask DisposeAsync()
    {
        // Asked first, so that it takes its own along.
        await process.StopAsync(TimeSpan.FromSeconds(40));
        await process.DisposeAsync();
        TestContext.Current.TestOutputHelper?.WriteLine(Output);
    }

    private void Said(string line)
    {
        lines.Enqueue(line);
        if (line.EndsWith("Everything is up. Ctrl+C ends it.", StringComparison.Ordinal))
            up.TrySetResult();
    }
}
