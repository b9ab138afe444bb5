using System.Diagnostics;

namespace Overnight.Benchmarks.Servers;

/// <summary>A process that ends with us, however we end. Tests and benchmarks hold with it what they stop, kill and start again.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    public const string Interrupt = "INT",
        Terminate = "TERM";

    private const int TailLines = 20;

    /// <summary>
    /// A shell between us and the program. It says the program's id first, sends it the signals that come in by name, and, when we are
    /// gone and that stream has ended, SIGKILL. Ctrl+C reaches only us, who then stop the program in order.
    /// </summary>
    public const string Script = """
        trap '' INT
        exec 3<&0
        /bin/sh -c 'echo $$; exec "$@"' sh "$@" </dev/null 3<&- & program=$!
        { while read -r signal <&3; do kill -s "$signal" $program; done; kill -s KILL $program; } >/dev/null 2>&1 & watcher=$!
        exec 3<&-
        wait $program; code=$?
        kill -s KILL $watcher
        exit $code
        """;

    private readonly Process _shell;
    private readonly Queue<string> _tail = new(TailLines);

    /// <param name="program">A name to look up in PATH, or a path.</param>
    /// <param name="line">Called for each line that it writes.</param>
    /// <param name="error">Called for each line of its errors; the same as the others' when null.</param>
    /// <param name="environment">What differs from ours; null takes a variable away.</param>
    public ChildProcess(
        string program,
        IEnumerable<string> arguments,
        Action<string>? line = null,
        string? directory = null,
        IReadOnlyDictionary<string, string?>? environment = null,
        Action<string>? error = null
    )
    {
        ProcessStartInfo start = new("/bin/sh", ["-c", Script, "sh", program, .. arguments])
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
        _shell = Process.Start(start)!;
        _shell.StandardInput.AutoFlush = true;
        Id = int.Parse(_shell.StandardOutput.ReadLine()!);
        Exited = ExitAsync(ReadAsync(_shell.StandardOutput, line), ReadAsync(_shell.StandardError, error ?? line));
    }

    /// <summary>The program's id.</summary>
    public int Id { get; }

    /// <summary>Ends with the exit code when the program has ended and its output is read.</summary>
    public Task<int> Exited { get; }

    /// <summary>The last lines it wrote.</summary>
    public IReadOnlyList<string> Tail
    {
        get
        {
            lock (_tail)
                return [.. _tail];
        }
    }

    /// <summary>Asks it to end, and after the grace insists.</summary>
    public async Task StopAsync(TimeSpan grace, string signal = Terminate)
    {
        if (Exited.IsCompleted)
            return;
        try
        {
            await _shell.StandardInput.WriteLineAsync(signal);
        }
        catch (IOException)
        {
            // It ended between the last look and now.
        }
        if (await Task.WhenAny(Exited, Task.Delay(grace)) != Exited)
            Kill();
        await Exited;
    }

    /// <summary>SIGKILL for it and everything it started.</summary>
    public void Kill()
    {
        if (Exited.IsCompleted)
            return;
        try
        {
            using var program = Process.GetProcessById(Id);
            program.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // It ended between the last look and now.
        }
    }

    public async ValueTask DisposeAsync()
    {
        Kill();
        await Exited;
        _shell.Dispose();
    }

    private async Task<int> ExitAsync(params Task[] read)
    {
        await Task.WhenAll(read);
        await _shell.WaitForExitAsync();
        return _shell.ExitCode;
    }

    private async Task ReadAsync(StreamReader from, Action<string>? line)
    {
        while (await from.ReadLineAsync() is { } text)
        {
            lock (_tail)
            {
                if (_tail.Count == TailLines)
                    _tail.Dequeue();
                _tail.Enqueue(text);
            }
            line?.Invoke(text);
        }
    }
}
