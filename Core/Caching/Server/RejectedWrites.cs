namespace Overnight.Core.Caching;

/// <summary>The entries of a write that the server refused, for example because its memory is full.</summary>
public sealed class RejectedWrites
{
    private HashSet<int>? _places;

    public int Count => _places?.Count ?? 0;

    /// <summary>The server's reason for the first refusal; null when nothing was refused.</summary>
    public string? First { get; private set; }

    /// <param name="at">Index among the entries of the write.</param>
    public bool Contains(int at) => _places?.Contains(at) == true;

    /// <summary>Adds the refusals of a part of the write.</summary>
    /// <param name="part">The refusals, with indexes within the part.</param>
    /// <param name="from">Index at which the part began.</param>
    public void Add(RejectedWrites part, int from)
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
