using Overnight.Core;

namespace Overnight.Jobs.Retention;

/// <summary>What retention did, or would do in a dry run.</summary>
internal sealed class RetentionReport(DateOnly oldestKept, bool isDryRun)
{
    public DateOnly OldestKept => oldestKept;
    public bool IsDryRun => isDryRun;

    public List<string> Made { get; } = [];
    public List<DroppedPartition> Dropped { get; } = [];

    /// <summary>Partitions that are due and still there, and why; the next attempt tries again.</summary>
    public List<PostponedPartition> Postponed { get; } = [];

    /// <summary>Rows removed from the small tables.</summary>
    public Dictionary<string, long> Rows { get; } = new(StringComparer.Ordinal);

    public long Bytes => Dropped.Sum(d => d.Bytes);

    public void Count(string table, long rows) => Rows[table] = Rows.GetValueOrDefault(table) + rows;

    /// <summary>The report as text, one line for each fact.</summary>
    public IEnumerable<string> Lines()
    {
        var (make, drop, remove) = isDryRun ? ("Would make", "Would drop", "Would remove") : ("Made", "Dropped", "Removed");
        yield return $"Kept from {oldestKept:yyyy-MM-dd} on.";
        foreach (var name in Made)
            yield return $"{make} {name}.";
        foreach (var partition in Dropped)
            yield return $"{drop} {partition.Name} ({partition.Bytes / 1024d / 1024d:N1} MB).";
        foreach (var (table, rows) in Rows.Where(r => r.Value > 0))
            yield return $"{remove} {Plural.Of(rows, "row")} of {table}.";
        foreach (var partition in Postponed)
            yield return $"Put off {partition.Name}: {partition.Reason}";
        if (Made.Count + Dropped.Count + Postponed.Count == 0 && Rows.Values.Sum() == 0)
            yield return "Nothing to do.";
    }
}

internal sealed record DroppedPartition(string Name, long Bytes);

internal sealed record PostponedPartition(string Name, string Reason);
