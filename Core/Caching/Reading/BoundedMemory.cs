using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Overnight.Core.Caching;

/// <summary>
/// Entries in this node's memory (L1): bounded in bytes, each for a short time, and only while <see cref="Enable"/>d,
/// that is while the node is known to hear <see cref="CacheChannel"/>.
/// </summary>
/// <remarks>
/// A read that began before a change must not put its old value back after the change was heard: take
/// <see cref="Epoch"/> before reading and hand it to the put. A library's cache is not in its place because those that admit by
/// frequency are bounded in entries, and a result has 2 to 12 KB.
/// </remarks>
/// <param name="limit">Bytes; 0 keeps nothing.</param>
/// <param name="time">The clock.</param>
/// <param name="admission">What is put again within this time is kept, so that one read now and then does not push out those read
/// often; zero keeps it at the first put.</param>
public sealed class BoundedMemory<TKey, TValue>(long limit, TimeProvider time, TimeSpan admission = default) : IMemory
    where TKey : notnull
    where TValue : class
{
    // What an entry costs beside its bytes: array header, entry, dictionary node, queue slot.
    private const int Overhead = 200;

    private readonly ConcurrentDictionary<TKey, Entry> _entries = new();
    private readonly ConcurrentQueue<(TKey Key, Entry Entry)> _order = new();
    private readonly RecentPuts? _recent = admission > TimeSpan.Zero ? new(admission, time) : null;
    private long _bytes;
    private long _epoch;
    private volatile bool _enabled;

    public bool IsEnabled => _enabled;

    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Rises with every change heard.</summary>
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

    /// <summary>Drops what expired or is too much. Done on each put; without any, somebody has to.</summary>
    public void Trim()
    {
        // First in, first out, but one that was read since gets another round; how many, per call, has a limit, because
        // readers can mark faster than this loop moves.
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

    /// <param name="key">Of what is kept; what is there already stays.</param>
    /// <param name="value">It must not be changed afterwards.</param>
    /// <param name="bytes">What it takes.</param>
    /// <param name="ttl">How long it stays: the bound on its staleness should a message of the channel be lost.</param>
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
        // After it is in: a change heard since either finds it there, or has raised the epoch by now.
        if (Epoch != epoch || !_enabled)
            Remove(key, entry);
        Trim();
    }

    /// <summary>Forgets one, and what was read of any before now.</summary>
    public void Forget(TKey key)
    {
        Interlocked.Increment(ref _epoch);
        if (_entries.TryGetValue(key, out var entry))
            Remove(key, entry);
    }

    /// <inheritdoc cref="Forget"/>
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

        /// <summary>Null once removed, so that its place in the queue holds no memory.</summary>
        public TValue? Value => _value;

        public void Release() => _value = null;
    }
}

/// <summary>Some of this node's memory, whatever is in it.</summary>
public interface IMemory
{
    long Bytes { get; }

    bool IsEnabled { get; }

    /// <summary>Begins to keep entries, with none.</summary>
    void Enable();

    /// <summary>Forgets all, and keeps none until it is enabled.</summary>
    void Disable();

    /// <summary>Forgets all.</summary>
    void Clear();
}

/// <summary>
/// Tells what is put again and again: a table of the last puts, of fixed size, in which keys that share a slot push each other
/// out. A key wrongly called rare is put once more; none is wrongly called frequent but by a chance in four thousand million.
/// </summary>
/// <param name="within">How close two puts are, 49 days at most.</param>
/// <param name="time">The clock.</param>
internal sealed class RecentPuts(TimeSpan within, TimeProvider time)
{
    private const int Slots = 1 << 16;

    private readonly ulong[] _puts = new ulong[Slots];
    private readonly uint _within = (uint)within.TotalMilliseconds;
    private readonly long _start = time.GetTimestamp();

    /// <summary>Notes a put.</summary>
    /// <returns>Whether the one before it was close enough.</returns>
    public bool IsAgain(int keyHash)
    {
        var hash = (uint)keyHash;
        var now = (uint)(long)time.GetElapsedTime(_start).TotalMilliseconds;
        ref var slot = ref _puts[(hash * 0x9E3779B1u) >> 16];
        var last = Volatile.Read(ref slot);
        // Torn by nobody: 64 bits are written at once, and of two writers either may win.
        Volatile.Write(ref slot, ((ulong)hash << 32) | now);
        return last >> 32 == hash && last != 0 && now - (uint)last <= _within;
    }
}
