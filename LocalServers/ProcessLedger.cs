using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Overnight.LocalServers;

/// <summary>
/// What runs, in <c>processes.json</c> of a folder, so that after we were killed the next start can end what we left. A process is known
/// by its id and its start time: an id that the system gave to another process since is never touched.
/// </summary>
internal sealed class ProcessLedger : IDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);
    private readonly string path;
    private readonly FileStream only;
    private readonly Content content;

    private ProcessLedger(string path, FileStream only) =>
        (this.path, this.only, content) = (
            path,
            only,
            new(new(Environment.ProcessId, Stamp(Environment.ProcessId) ?? "", "apphost", 0), [])
        );

    /// <summary>Takes the folder, and ends what a killed predecessor left running, newest first.</summary>
    /// <exception cref="InvalidOperationException">The folder's owner is alive; the message names its process.</exception>
    public static async Task<ProcessLedger> OpenAsync(string directory, Action<string>? ended = null)
    {
        Directory.CreateDirectory(directory);
        var file = Path.Combine(directory, "processes.json");
        var before = Read(file);
        FileStream folder;
        try
        {
            folder = new(Path.Combine(directory, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new InvalidOperationException(
                $"Overnight already runs from {directory}, as process {before?.Owner.Pid}: stop that one first (kill {before?.Owner.Pid}), or set Overnight__DataDirectory to another folder.",
                e
            );
        }
        foreach (var entry in Enumerable.Reverse(before?.Running ?? []))
        {
            if (Stamp(entry.Pid) != entry.Stamp)
                continue;
            ended?.Invoke($"Ending {entry.Name} (process {entry.Pid}), which a killed AppHost left running.");
            await EndAsync(entry);
        }
        ProcessLedger ledger = new(file, folder);
        ledger.Write();
        return ledger;
    }

    public void Add(int pid, string name, int signal)
    {
        // Without a stamp it has ended already.
        if (Stamp(pid) is not { } stamp)
            return;
        lock (content)
        {
            content.Running.Add(new(pid, stamp, name, signal));
            Write();
        }
    }

    public void Remove(int pid)
    {
        lock (content)
        {
            content.Running.RemoveAll(entry => entry.Pid == pid);
            Write();
        }
    }

    public void Dispose()
    {
        lock (content)
        {
            if (content.Running.Count == 0)
                File.Delete(path);
            only.Dispose();
        }
    }

    private static async Task EndAsync(Entry entry)
    {
        _ = ChildProcess.Signal(entry.Pid, entry.Signal);
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < Grace; await Task.Delay(20))
        {
            if (Stamp(entry.Pid) != entry.Stamp)
                return;
        }
        try
        {
            using var process = Process.GetProcessById(entry.Pid);
            process.Kill(entireProcessTree: true);
        }
        catch (ArgumentException)
        {
            // It ended between the last look and now.
        }
    }

    /// <returns>When the process started, in a form only good for comparing; null when it has ended.</returns>
    private static string? Stamp(int pid)
    {
        try
        {
            if (OperatingSystem.IsLinux())
            {
                // Fields after the name in parentheses: the state is the first, the start in clock ticks since boot the twentieth.
                var stat = File.ReadAllText($"/proc/{pid}/stat");
                var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                return fields[0] is "Z" or "X" ? null : $"{fields[19]}@{File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim()}";
            }
            using var process = Process.GetProcessById(pid);
            return process.StartTime.ToUniversalTime().ToString("s", CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }

    private static Content? Read(string path)
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<Content>(File.ReadAllText(path)) : null;
        }
        catch (JsonException)
        {
            // Torn by a full disk: what it named can't be known, and guessing would end the wrong process.
            return null;
        }
    }

    private void Write()
    {
        if (!only.SafeFileHandle.IsClosed)
        {
            File.WriteAllText(path + ".new", JsonSerializer.Serialize(content));
            File.Move(path + ".new", path, overwrite: true);
        }
    }

    private sealed record Entry(int Pid, string Stamp, string Name, int Signal);

    private sealed record Content(Entry Owner, List<Entry> Running);
}
