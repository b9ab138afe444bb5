using Overnight.Core.Market;

namespace Overnight.Core.Explanations;

/// <summary>
/// Market snapshots in memory, within a number of bytes: the newest of each market, and the least recently used. Snapshots never change,
/// so they have no expiry, and concurrent readers of one share its load.
/// </summary>
/// <param name="limit">Bytes of all snapshots; one that is larger is not kept.</param>
public sealed class SnapshotMemory(long limit)
{
    /// <summary>Estimated bytes of a snapshot's parts in memory, with everything that is computed from them.</summary>
    private const int PerSnapshot = 4_096,
        PerAsset = 1_600,
        PerRate = 120,
        PerConvertedPrice = 16;

    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, LinkedListNode<Entry>> _entries = [];

    /// <summary>The least recently used first.</summary>
    private readonly LinkedList<Entry> _order = [];

    /// <summary>Estimated bytes of the snapshots that are kept.</summary>
    public long Bytes { get; private set; }

    /// <summary>Whether a snapshot is in memory, or is being loaded.</summary>
    public bool Has(Guid id)
    {
        lock (_lock)
            return _entries.ContainsKey(id);
    }

    /// <param name="load">Loads the snapshot; it serves everybody who waits, so it must not be cancelled for one of them.</param>
    public Task<MarketSnapshot> GetAsync(Guid id, Func<Task<MarketSnapshot>> load, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(load);
        Entry entry;
        lock (_lock)
        {
            if (_entries.TryGetValue(id, out var node))
            {
                _order.Remove(node);
                _order.AddLast(node);
                entry = node.Value;
            }
            else
            {
                entry = new(id, loaded => LoadAsync(loaded, load));
                _entries.Add(id, _order.AddLast(entry));
            }
        }
        return entry.Loading.WaitAsync(ct);
    }

    /// <summary>Loads and counts, whether or not anybody waits to the end.</summary>
    private async Task<MarketSnapshot> LoadAsync(Entry entry, Func<Task<MarketSnapshot>> load)
    {
        try
        {
            var snapshot = await load();
            Keep(entry, snapshot);
            return snapshot;
        }
        catch
        {
            // The next reader tries again.
            Forget(entry);
            throw;
        }
    }

    private void Keep(Entry entry, MarketSnapshot snapshot)
    {
        lock (_lock)
        {
            entry.Snapshot = snapshot;
            entry.Bytes = SizeOf(snapshot);
            Bytes += entry.Bytes;
            while (Bytes > limit && Oldest() is { } oldest)
                Remove(oldest);
        }
    }

    /// <summary>The least recently used that is not the newest of its market; else the least recently used.</summary>
    private LinkedListNode<Entry>? Oldest()
    {
        var newest = _order
            .Where(entry => entry.Snapshot is not null)
            .GroupBy(entry => entry.Snapshot!.Header.Market, StringComparer.Ordinal)
            .Select(market => market.MaxBy(entry => (entry.Snapshot!.Header.BusinessDate, entry.Snapshot.Header.TakenAt))!.Id)
            .ToHashSet();
        LinkedListNode<Entry>? oldest = null;
        for (var node = _order.First; node is not null; node = node.Next)
        {
            if (node.Value.Snapshot is null)
                continue;
            if (!newest.Contains(node.Value.Id))
                return node;
            oldest ??= node;
        }
        return oldest;
    }

    private void Forget(Entry entry)
    {
        lock (_lock)
        {
            if (_entries.TryGetValue(entry.Id, out var node) && node.Value == entry)
                Remove(node);
        }
    }

    private void Remove(LinkedListNode<Entry> node)
    {
        _order.Remove(node);
        _entries.Remove(node.Value.Id);
        Bytes -= node.Value.Bytes;
    }

    private static long SizeOf(MarketSnapshot snapshot) =>
        PerSnapshot
        + snapshot.Assets.Count * (PerAsset + PerConvertedPrice * (long)snapshot.Currencies.Count)
        + snapshot.Rates.Count * (long)PerRate;

    private sealed class Entry
    {
        private readonly Lazy<Task<MarketSnapshot>> _loading;

        public Entry(Guid id, Func<Entry, Task<MarketSnapshot>> load) => (Id, _loading) = (id, new(() => load(this)));

        public Guid Id { get; }
        public Task<MarketSnapshot> Loading => _loading.Value;
        public MarketSnapshot? Snapshot { get; set; }
        public long Bytes { get; set; }
    }
}
