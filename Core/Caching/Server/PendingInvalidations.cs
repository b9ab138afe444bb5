using System.Collections.Concurrent;

namespace Overnight.Core.Caching;

/// <summary>
/// Invalidation marks that the server has not accepted yet. While a mark is pending, this process does not read its entry. Bounded: the
/// mark of an entry beyond <see cref="Most"/> is dropped, and the entry lives in the cache until its TTL.
/// </summary>
internal sealed class PendingInvalidations
{
    private const int Most = 100_000;

    private readonly ConcurrentDictionary<string, CacheWrite> _marks = new(StringComparer.Ordinal);
    private int _count;

    public bool IsEmpty => _marks.IsEmpty;

    /// <summary>Called at every read, so it checks the count before it looks up the key.</summary>
    public bool Contains(string key) => Volatile.Read(ref _count) > 0 && _marks.ContainsKey(key);

    public void Add(IReadOnlyList<CacheWrite> marks)
    {
        foreach (var mark in marks)
        {
            if (_marks.Count < Most || _marks.ContainsKey(mark.Key))
                _marks[mark.Key] = mark;
        }
        Recount();
    }

    /// <summary>Removes the marks that the server accepted. Another mark of the same entry, added meanwhile, stays.</summary>
    public void Remove(IReadOnlyList<CacheWrite> marks, RejectedWrites refused)
    {
        foreach (var (at, mark) in marks.Index())
        {
            if (!refused.Contains(at))
                _marks.TryRemove(new(mark.Key, mark));
        }
        Recount();
    }

    public IReadOnlyList<CacheWrite> Some(int most) => [.. _marks.Values.Take(most)];

    private void Recount() => Volatile.Write(ref _count, _marks.Count);
}
