namespace Overnight.Core.Caching;

/// <summary>The entries of a write that the server refused, as one that is full does.</summary>
public sealed class CacheRefusals
{
    private HashSet<int>? _places;

    public int Count => _places?.Count ?? 0;

    /// <summary>Why the first was; null when none was.</summary>
    public string? First { get; private set; }

    /// <param name="at">Its place among the entries.</param>
    public bool Contains(int at) => _places?.Contains(at) == true;

    /// <summary>Adds those of a part of the write.</summary>
    /// <param name="from">Where the part began.</param>
    public void Add(CacheRefusals part, int from)
    {
        ArgumentNullException.ThrowIfNull(part);
        foreach (var at in part._places ?? [])
            Add(from + at, part.First!);
    }

    internal void Add(int at, string reason)
    {
        (_places ??= []).Add(at);
        First ??= reason;
    }
}
