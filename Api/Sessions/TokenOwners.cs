using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Overnight.Core.Caching;

namespace Overnight.Api.Sessions;

/// <summary>A session as this node last saw it.</summary>
/// <param name="hash">Lowercase hex SHA-256 of the token.</param>
/// <param name="expiresAt">When the session ends without another use.</param>
internal sealed class TokenOwner(string hash, Guid userId, DateTimeOffset expiresAt)
{
    /// <summary>Uses closer together than this count as one.</summary>
    private static readonly long Grain = TimeSpan.FromSeconds(1).Ticks;

    private long _usedAt,
        _writtenAt,
        _expiresAt = expiresAt.UtcTicks;

    public string Hash => hash;

    public Guid UserId => userId;

    public DateTimeOffset ExpiresAt
    {
        get => new(Volatile.Read(ref _expiresAt), TimeSpan.Zero);
        set
        {
            if (Volatile.Read(ref _expiresAt) != value.UtcTicks)
                Volatile.Write(ref _expiresAt, value.UtcTicks);
        }
    }

    /// <summary>The last use, if it is not written yet.</summary>
    public DateTimeOffset? Unwritten =>
        Volatile.Read(ref _usedAt) is var used && used > Volatile.Read(ref _writtenAt) ? new(used, TimeSpan.Zero) : null;

    /// <summary>Notes a use of the session, at most once a second.</summary>
    public void Use(DateTimeOffset now)
    {
        if (now.UtcTicks - Volatile.Read(ref _usedAt) >= Grain)
            Volatile.Write(ref _usedAt, now.UtcTicks);
    }

    public void Written(DateTimeOffset usedAt) => Volatile.Write(ref _writtenAt, usedAt.UtcTicks);
}

/// <summary>
/// The user of each session as this node last saw it. It is a guess, used only to ask the cache for the user's result together with
/// the session; the result is shown only when the session, validated as always, is that user's. Sessions that end on another node, such as
/// those of an erased user, are forgotten here, too.
/// </summary>
internal sealed class TokenOwners : IChangeHandler
{
    // About 300 bytes each. When it is full it starts over; a missing guess costs one round trip.
    private const int Most = 200_000;

    private static readonly string KeyPrefix = CacheKeys.Session("");

    private readonly ConcurrentDictionary<string, DateTimeOffset> _restored = new();
    private ConcurrentDictionary<string, TokenOwner> _sessions = new(),
        _former = new();
    private int _count;

    public bool TryGet(string hash, [NotNullWhen(true)] out TokenOwner? session) => _sessions.TryGetValue(hash, out session);

    /// <summary>Whether the session was valid when this node last saw it, also before it restarted, and can't have expired since.</summary>
    public bool WasValid(string hash, DateTimeOffset now) =>
        TryGet(hash, out var session) ? session.ExpiresAt > now : _restored.TryGetValue(hash, out var expiresAt) && expiresAt > now;

    /// <summary>Adds a session that was valid before this node restarted, of a user that is not known.</summary>
    public void Restore(string hash, DateTimeOffset expiresAt) => _restored[hash] = expiresAt;

    /// <summary>Sessions that were valid when this node last saw them, with their ends.</summary>
    /// <param name="most">Largest number of them.</param>
    public IEnumerable<KeyValuePair<string, DateTimeOffset>> Valid(DateTimeOffset now, int most) =>
        _sessions
            .Select(known => KeyValuePair.Create(known.Key, known.Value.ExpiresAt))
            .UnionBy(_restored, known => known.Key)
            .Where(known => known.Value > now)
            .Take(most);

    /// <inheritdoc/>
    public void Forget(IReadOnlyList<string> keys)
    {
        foreach (var key in keys)
        {
            if (key.StartsWith(KeyPrefix, StringComparison.Ordinal))
                Forget(key[KeyPrefix.Length..]);
        }
    }

    /// <summary>Removes a session that was refused.</summary>
    public void Forget(string hash)
    {
        _restored.TryRemove(hash, out _);
        _former.TryRemove(hash, out _);
        if (_sessions.TryRemove(hash, out _))
            Interlocked.Decrement(ref _count);
    }

    public TokenOwner Remember(string hash, Guid userId, DateTimeOffset expiresAt)
    {
        if (TryGet(hash, out var known) && known.UserId == userId)
        {
            // It changes with each use that is written.
            known.ExpiresAt = expiresAt;
            return known;
        }
        TokenOwner session = new(hash, userId, expiresAt);
        _restored.TryRemove(hash, out _);
        if (known is not null)
            _sessions[hash] = session;
        else if (_sessions.TryAdd(hash, session) && Interlocked.Increment(ref _count) == Most)
            StartOver();
        return session;
    }

    /// <summary>The sessions whose last use is not written yet.</summary>
    public IReadOnlyList<TokenOwner> Unwritten()
    {
        var former = Volatile.Read(ref _former);
        List<TokenOwner> unwritten = [.. former.Select(known => known.Value).Where(session => session.Unwritten is not null)];
        if (unwritten.Count == 0)
            Interlocked.CompareExchange(ref _former, new(), former);
        unwritten.AddRange(_sessions.Select(known => known.Value).Where(session => session.Unwritten is not null));
        return unwritten;
    }

    private void StartOver()
    {
        // The former sessions are kept until their last uses are written. If the new ones fill up before that, those uses are lost.
        Volatile.Write(ref _former, _sessions);
        _sessions = new();
        Interlocked.Exchange(ref _count, 0);
    }
}
