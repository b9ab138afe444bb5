using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Overnight.Core.Caching;

/// <summary>
/// Entries in this node's memory (L1): bounded in bytes, each for a short time, and only while <see cref="Enable"/>d, that is while the
/// node receives the messages of <see cref="CacheChannel"/>.
/// </summary>
/// <remarks>
/// A read that began before a change must not put its old value back after the change was received: take <see cref="Epoch"/> before
/// reading and pass it to the put. No library's cache is used, because those that admit by frequency bound the number of entries, and
/// a result has 2 to 12 KB.
/// </remarks>
/// <param name="limit">Bytes of all entries; 0 keeps nothing.</param>
/// <param name="time">The clock.</param>
/// <param name="admission">A key is kept once it is put twice within this time, so that keys read rarely do not evict those read often;
/// zero keeps it at the first put.</param>
public sealed class BoundedMemory<TKey, TValue>(long limit, TimeProvider time, TimeSpan admission = default) : IMemory
    where TKey : notnull
    where TValue : class
{
    // Estimated bytes of an entry beside its value: array header, entry, dictionary node, queue slot.
    private const int Overhead = 200;

    private readonly ConcurrentDictionary<TKey, Entry> _entries = new();
    private readonly ConcurrentQueue<(TKey Key, Entry Entry)> _order = new();
    private readonly RecentPuts? _recent = admission > TimeSpan.Zero ? new(admission, time) : null;
    private long _bytes;
    private long _epoch;
    private volatile bool _enabled;

    public bool IsEnabled => _enabled;

    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Rises with every change that is received.</summary>
    public long Epoch => Interlocked.Read(ref _epoch);

    public bool TryGet(TKey key, [NotNullWhen(true)] out TValue? value)
    {
        if (_enabled && _entries.TryGetValue(key, out var entry))
        {
            if (entry.Value is { } kept && time.GetTimestamp() < entry.Expires)
            {
                if (!entry.Used)
                    entry.Used = true;
                value = kept;
                return true;
            }
            Remove(key, entry);
        }
        value = null;
        return false;
    }

    public void Clear()
    {
        Interlocked.Increment(ref _epoch);
        foreach (var (key, entry) in _entries)
            Remove(key, entry);
        Trim();
    }

    public void Enable()
    {
        Clear();
        _enabled = limit > 0;
    }

    public void Disable()
    {
        _enabled = false;
        Clear();
    }

    /// <summary>Drops entries that expired or exceed the limit. Every put does it; a node without puts has to call it regularly.</summary>
    public void Trim()
    {
        // First in, first out, but an entry that was read since is requeued once. The number of requeues per call is limited, because
        // readers can mark entries faster than this loop moves.
        var moreRounds = 16;
        var now = time.GetTimestamp();
        while (_order.TryPeek(out var peeked) && (Bytes > limit || IsOver(peeked.Entry)) && _order.TryDequeue(out var oldest))
        {
            if (oldest.Entry.Used && !IsOver(oldest.Entry) && moreRounds-- > 0)
            {
                oldest.Entry.Used = false;
                _order.Enqueue(oldest);
                continue;
            }
            Remove(oldest.Key, oldest.Entry);
        }

        bool IsOver(Entry entry) => entry.Value is null || now >= entry.Expires;
    }

    /// <param name="key">The key; an entry that it has already stays.</param>
    /// <param name="value">The value; it must not be changed afterwards.</param>
    /// <param name="bytes">Bytes that the value takes.</param>
    /// <param name="ttl">How long it stays, which bounds its staleness should a message of the channel be lost.</param>
    /// <param name="epoch"><see cref="Epoch"/> as it was before the value was read.</param>
    public void Put(TKey key, TValue value, int bytes, TimeSpan ttl, long epoch)
    {
        if (!_enabled || bytes + Overhead > limit / 8 || _recent?.IsAgain(key.GetHashCode()) == false)
            return;
        Entry entry = new(value, time.GetTimestamp() + (long)(ttl.TotalSeconds * time.TimestampFrequency), bytes + Overhead);
        if (!_entries.TryAdd(key, entry))
            return;

        Interlocked.Add(ref _bytes, entry.Cost);
        _order.Enqueue((key, entry));
        // Checked after the entry is added: a change received before this check has raised the epoch, a later one finds the entry.
        if (Epoch != epoch || !_enabled)
            Remove(key, entry);
        Trim();
    }

    /// <summary>Drops an entry, and keeps reads that began before now from putting theirs.</summary>
    public void Forget(TKey key)
    {
        Interlocked.Increment(ref _epoch);
        if (_entries.TryGetValue(key, out var entry))
            Remove(key, entry);
    }

    /// <summary>Drops the entries whose keys match, and keeps reads that began before now from putting theirs.</summary>
    public void ForgetWhere(Func<TKey, bool> matches)
    {
        ArgumentNullException.ThrowIfNull(matches);
        Interlocked.Increment(ref _epoch);
        foreach (var (key, entry) in _entries)
        {
            if (matches(key))
                Remove(key, entry);
        }
    }

    private void Remove(TKey key, Entry entry)
    {
        if (!_entries.TryRemove(new(key, entry)))
            return;
        Interlocked.Add(ref _bytes, -entry.Cost);
        entry.Release();
    }

    private sealed class Entry(TValue value, long expires, int cost)
    {
        private volatile TValue? _value = value;

        public readonly long Expires = expires;
        public readonly int Cost = cost;
        public volatile bool Used;

        /// <summary>Null once the entry is removed, so that its place in the queue does not keep the value in memory.</summary>
        public TValue? Value => _value;

        public void Release() => _value = null;
    }
}

/// <summary>A part of this node's memory, whatever its entries are.</summary>
public interface IMemory
{
    long Bytes { get; }

    bool IsEnabled { get; }

    /// <summary>Starts to keep entries, beginning with none.</summary>
    void Enable();

    /// <summary>Drops all entries, and keeps none until <see cref="Enable"/> is called.</summary>
    void Disable();

    /// <summary>Drops all entries.</summary>
    void Clear();
}

/// <summary>
/// Recognises keys that are put repeatedly, with a table of the last puts of fixed size in which keys that share a slot overwrite each
/// other. A repeated key that was overwritten is put once more; a new key is taken for a repeated one with a probability of 2^-32.
/// </summary>
/// <param name="within">The longest time between two puts that counts as repeated, at most 49 days.</param>
/// <param name="time">The clock.</param>
internal sealed class RecentPuts(TimeSpan within, TimeProvider time)
{
    private const int Slots = 1 << 16;

    private readonly ulong[] _puts = new ulong[Slots];
    private readonly uint _within = (uint)within.TotalMilliseconds;
    private readonly long _start = time.GetTimestamp();

    /// <summary>Records a put.</summary>
    /// <returns>Whether the same key was put within the time before.</returns>
    public bool IsAgain(int keyHash)
    {
        var hash = (uint)keyHash;
        var now = (uint)(long)time.GetElapsedTime(_start).TotalMilliseconds;
        ref var slot = ref _puts[(hash * 0x9E3779B1u) >> 16];
        var last = Volatile.Read(ref slot);
        // Writes of 64 bits are atomic; of two concurrent writers either may win.
        Volatile.Write(ref slot, ((ulong)hash << 32) | now);
        return last >> 32 == hash && last != 0 && now - (uint)last <= _within;
    }
}
