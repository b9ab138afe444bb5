using System.Collections.Concurrent;
using System.Globalization;

namespace Overnight.Api.Sessions;

/// <summary>
/// Whose a session was when this node last saw it: a guess, good for asking the cache for a user's data in the same
/// pipeline as for the session, and for nothing else. What is read on a guess is used only when the session, validated
/// as always, is that user's.
/// </summary>
internal sealed class SessionOwners
{
    // About 100 bytes each. Full, it starts over: a guess that is missing costs one round trip.
    private const int Most = 200_000;

    private readonly ConcurrentDictionary<UInt128, Guid> _owners = new();
    private int _count;

    public bool TryGuess(string hash, out Guid userId) => _owners.TryGetValue(Key(hash), out userId);

    public void Remember(string hash, Guid userId)
    {
        if (!_owners.TryAdd(Key(hash), userId) || Interlocked.Increment(ref _count) < Most) return;
        _owners.Clear();
        Interlocked.Exchange(ref _count, 0);
    }

    // Half of the hash's 64 hex digits tell sessions apart.
    private static UInt128 Key(string hash) => UInt128.Parse(hash.AsSpan(0, 32), NumberStyles.AllowHexSpecifier);
}
