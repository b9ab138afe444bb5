using System.Diagnostics;

namespace Overnight.Benchmarks.Servers;

/// <summary>What a process used, as the system counts it.</summary>
/// <param name="PeakMemoryMb">Most resident memory it ever had, MiB.</param>
/// <param name="CpuSeconds">Null where there is no <c>/proc</c>.</param>
internal readonly record struct ProcessUsage(double PeakMemoryMb, double? CpuSeconds);

internal static class ProcessMeter
{
    // Fields of /proc/<pid>/stat, counted from the state, the first after the name in parentheses.
    private const int Parent = 1,
        UserTime = 11,
        ChildrenSystemTime = 14;

    /// <summary>The unit of those times: USER_HZ, 100 on every Linux.</summary>
    private const double TicksPerSecond = 100;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    /// <summary>Looks at a process until it ends. The peak is the system's own; the last 50 ms of processor time are not seen.</summary>
    public static async Task<ProcessUsage> WatchAsync(int pid, Task exited)
    {
        ProcessUsage usage = new(0, null);
        using PeriodicTimer timer = new(Interval);
        while (!exited.IsCompleted)
        {
            usage = new(Math.Max(usage.PeakMemoryMb, PeakMemoryMb(pid)), CpuSeconds(pid) ?? usage.CpuSeconds);
            await timer.WaitForNextTickAsync();
        }
        return usage;
    }

    /// <returns>Processor seconds of a process, of everything it started that lives, and of what ended and was waited for; null where
    /// they can't be read.</returns>
    public static double? CpuSeconds(int pid)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        Dictionary<int, (int Parent, long Ticks)> all = [];
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), out var id) && Read(id) is { } read)
                all[id] = read;
        }
        if (!all.ContainsKey(pid))
            return null;
        return all.Where(process => DescendsFrom(process.Key, pid, all)).Sum(process => process.Value.Ticks) / TicksPerSecond;
    }

    private static bool DescendsFrom(int id, int ancestor, Dictionary<int, (int Parent, long Ticks)> all)
    {
        while (id != ancestor)
        {
            if (!all.TryGetValue(id, out var process))
                return false;
            id = process.Parent;
        }
        return true;
    }

    private static (int Parent, long Ticks)? Read(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return (int.Parse(fields[Parent]), fields[UserTime..(ChildrenSystemTime + 1)].Sum(long.Parse));
        }
        catch (IOException)
        {
            return null; // It ended meanwhile.
        }
    }

    private static double PeakMemoryMb(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            // VmHWM on Linux. macOS knows no peak of another process: there it is the most that was seen.
            return Math.Max(process.PeakWorkingSet64, process.WorkingSet64) / (1024.0 * 1024.0);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return 0; // It ended meanwhile.
        }
    }
}
