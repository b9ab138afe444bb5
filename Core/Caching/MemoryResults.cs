using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace Overnight.Core.Caching;

/// <summary>
/// Results in this node's memory (L1): bounded in bytes, each for a short time, and only while <see cref="Enable"/>d,
/// that is while the node is known to hear <see cref="CacheChannel"/>. Only what was read from the cache server goes in, and
/// of that only what is read often.
/// </summary>
/// <remarks>
/// A read that began before a change must not put its old bytes back after the change was heard: take
/// <see cref="Epoch"/> before reading and hand it to <see cref="Put"/>.
/// </remarks>
public sealed class MemoryResults(IOptions<CacheOptions> options, TimeProvider time)
{
    // What an entry costs beside its bytes: array header, entry, dictionary node, queue slot.
    private const int Overhead = 200;

    private readonly long _limit = options.Value.MemoryBytes;
    private readonly long _ttl = (long)(options.Value.MemoryTtl.TotalSeconds * time.TimestampFrequency);
    private readonly ConcurrentDictionary<Guid, Entry> _entries = new();
    private readonly ConcurrentQueue<(Guid User, Entry Entry)> _order = new();
    private readonly RecentReads _recent = new(options.Value.MemoryAdmission, time);
    private long _bytes;
    private long _epoch;
    private volatile bool _enabled;

    public bool IsEnabled => _enabled;

    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Rises with every change heard.</summary>
    public long Epoch => Interlocked.Read(ref _epoch);

    public bool TryGet(Guid userId, out byte[] value)
    {
        if (_enabled && _entries.TryGetValue(userId, out var entry))
        {
            if (entry.Value is { } bytes && time.GetTimestamp() < entry.Expires)
            {
                if (!entry.Used) entry.Used = true;
                value = bytes;
                return true;
            }
            Remove(userId, entry);
        }
        value = [];
        return false;
    }

    /// <param name="userId">Whose.</param>
    /// <param name="value">The entry; it must not be changed afterwards.</param>
    /// <param name="epoch"><see cref="Epoch"/> as it was before the value was read.</param>
    public void Put(Guid userId, byte[] value, long epoch)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (!_enabled || value.Length + Overhead > _limit / 8) return;
        // One read now and then would push out those read often, and live just long enough to be dear to collect.
        if (!_recent.IsFrequent(userId)) return;
        Entry entry = new(value, time.GetTimestamp() + _ttl);
        if (!_entries.TryAdd(userId, entry)) return;

        Interlocked.Add(ref _bytes, entry.Cost);
        _order.Enqueue((userId, entry));
        // After it is in: a change heard since either finds it there, or has raised the epoch by now.
        if (Epoch != epoch || !_enabled) Remove(userId, entry);
        Trim();
    }

    /// <summary>Forgets a range of users, both ends included, in PostgreSQL's order of ids.</summary>
    public void Invalidate(Guid firstUser, Guid lastUser)
    {
        Interlocked.Increment(ref _epoch);
        if (firstUser == lastUser)
        {
            if (_entries.TryGetValue(firstUser, out var only)) Remove(firstUser, only);
            return;
        }
        foreach (var (user, entry) in _entries)
        {
            if (Contains(firstUser, lastUser, user)) Remove(user, entry);
        }
    }

    public void Clear()
    {
        Interlocked.Increment(ref _epoch);
        foreach (var (user, entry) in _entries) Remove(user, entry);
        Trim();
    }

    public void Enable()
    {
        Clear();
        _enabled = _limit > 0;
    }

    public void Disable()
    {
        _enabled = false;
        Clear();
    }

    /// <summary>Whether the id is in the range; Guid compares field by field from the left, as PostgreSQL compares bytes.</summary>
    public static bool Contains(Guid first, Guid last, Guid id) => first.CompareTo(id) <= 0 && id.CompareTo(last) <= 0;

    /// <summary>Drops what expired or is too much. Done on each <see cref="Put"/>; without any, somebody has to.</summary>
    public void Trim()
    {
        // First in, first out, but one that was read since gets another round; how many, per call, has a limit, because
        // readers can mark faster than this loop moves.
        var moreRounds = 16;
        var now = time.GetTimestamp();
        while (_order.TryPeek(out var peeked) && (Bytes > _limit || IsOver(peeked.Entry)) && _order.TryDequeue(out var oldest))
        {
            if (oldest.Entry.Used && !IsOver(oldest.Entry) && moreRounds-- > 0)
            {
                oldest.Entry.Used = false;
                _order.Enqueue(oldest);
                continue;
            }
            Remove(oldest.User, oldest.Entry);
        }

        bool IsOver(Entry entry) => entry.Value is null || now >= entry.Expires;
    }

    private void Remove(Guid user, Entry entry)
    {
        if (!_entries.TryRemove(new(user, entry))) return;
        Interlocked.Add(ref _bytes, -entry.Cost);
        entry.Release();
    }

    private sealed class Entry(byte[] value, long expires)
    {
        private volatile byte[]? _value = value;

        public readonly long Expires = expires;
        public readonly int Cost = value.Length + Overhead;
        public volatile bool Used;

        /// <summary>Null once removed, so that its place in the queue holds no memory.</summary>
        public byte[]? Value => _value;

        public void Release() => _value = null;
    }
}
