using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Overnight.LocalServers;

/// <summary>
/// A process that we started, in a session of its own, so that Ctrl+C in the terminal reaches only us, who then stop it in order.
/// </summary>
internal sealed partial class ChildProcess : IAsyncDisposable
{
    public const int Interrupt = 2;
    public const int Terminate = 15;
    private const int TailLines = 20;

    // macOS has no setsid, and always perl.
    private static readonly string[] OwnSession =
        FindProgram("setsid") is { } setsid ? [setsid]
        : FindProgram("perl") is { } perl ? [perl, "-e", "use POSIX; POSIX::setsid(); exec { $ARGV[0] } @ARGV or die $!"]
        : [];

    /// <summary>The program that runs us, which need not be the one in PATH.</summary>
    public static readonly string Dotnet = Path.GetFullPath(
        Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet")
    );

    private readonly Process process;
    private readonly Queue<string> tail = new(TailLines);

    /// <param name="program">A name to look up in PATH, or a path.</param>
    /// <param name="account">Whom to run it as; null for ourselves.</param>
    /// <param name="signal">How a later start ends it, should we be killed before we can.</param>
    public ChildProcess(
        string program,
        IEnumerable<string> arguments,
        Action<string>? line = null,
        ServerAccount? account = null,
        string? directory = null,
        IReadOnlyDictionary<string, string?>? environment = null,
        ProcessLedger? ledger = null,
        int signal = Terminate
    )
    {
        string[] command = [.. OwnSession, .. account?.Prefix ?? [], program, .. arguments];
        ProcessStartInfo start = new(command[0], command[1..])
        {
            WorkingDirectory = directory ?? "",
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
        {
            if (value is null)
                start.Environment.Remove(name);
            else
                start.Environment[name] = value;
        }

        process = new() { StartInfo = start };
        process.OutputDataReceived += (_, e) => Received(e.Data, line);
        process.ErrorDataReceived += (_, e) => Received(e.Data, line);
        process.Start();
        Id = process.Id;
        ledger?.Add(Id, Path.GetFileNameWithoutExtension(program), signal);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.StandardInput.Close();
        Exited = ExitAsync(ledger);
    }

    public int Id { get; }

    /// <summary>Ends with the exit code when the process has ended and its output is read.</summary>
    public Task<int> Exited { get; }

    /// <summary>The last lines it wrote.</summary>
    public IReadOnlyList<string> Tail
    {
        get
        {
            lock (tail)
                return [.. tail];
        }
    }

    /// <summary>Runs a tool to its end. <c>Output</c> is the end of what it wrote, errors included.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(
        string program,
        IEnumerable<string> arguments,
        CancellationToken ct,
        ServerAccount? account = null,
        string? directory = null,
        IReadOnlyDictionary<string, string?>? environment = null
    )
    {
        await using ChildProcess tool = new(program, arguments, null, account, directory, environment);
        var code = await tool.Exited.WaitAsync(ct);
        return (code, string.Join(Environment.NewLine, tool.Tail));
    }

    /// <returns>The path of an executable file of this name in PATH, or null.</returns>
    public static string? FindProgram(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator)
            .Where(folder => folder.Length > 0)
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);

    /// <summary>Asks it to end, and after the grace insists.</summary>
    public async Task StopAsync(TimeSpan grace, int signal = Terminate)
    {
        if (!Exited.IsCompleted && Signal(Id, signal) != 0)
            Kill();
        if (await Task.WhenAny(Exited, Task.Delay(grace)) != Exited)
            Kill();
        await Exited;
    }

    /// <summary>SIGKILL for it and everything it started.</summary>
    public void Kill()
    {
        if (!Exited.IsCompleted)
            process.Kill(entireProcessTree: true);
    }

    public async ValueTask DisposeAsync()
    {
        Kill();
        await Exited;
        process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    public static partial int Signal(int pid, int signal);

    private async Task<int> ExitAsync(ProcessLedger? ledger)
    {
        await process.WaitForExitAsync();
        ledger?.Remove(Id);
        return process.ExitCode;
    }

    private void Received(string? text, Action<string>? line)
    {
        if (text is null)
            return;
        lock (tail)
        {
            if (tail.Count == TailLines)
                tail.Dequeue();
            tail.Enqueue(text);
        }
        line?.Invoke(text);
    }
}
