namespace Overnight.Core.Caching;

/// <summary>
/// Tells who is read often: a table of the last reads, of fixed size, in which users who share a slot push each other out.
/// A user wrongly called rare is asked for once more; nobody is wrongly called frequent but by a chance in four thousand million.
/// </summary>
/// <param name="within">How close two reads are that make a user frequent, 49 days at most.</param>
/// <param name="time">The clock.</param>
internal sealed class RecentReads(TimeSpan within, TimeProvider time)
{
    private const int Slots = 1 << 16;

    private readonly ulong[] _reads = new ulong[Slots];
    private readonly uint _within = (uint)within.TotalMilliseconds;
    private readonly long _start = time.GetTimestamp();

    /// <summary>Notes a read.</summary>
    /// <returns>Whether the one before it was close enough.</returns>
    public bool IsFrequent(Guid userId)
    {
        if (_within == 0)
            return true;
        var hash = (uint)userId.GetHashCode();
        var now = (uint)(long)time.GetElapsedTime(_start).TotalMilliseconds;
        ref var slot = ref _reads[(hash * 0x9E3779B1u) >> 16];
        var last = Volatile.Read(ref slot);
        // Torn by nobody: 64 bits are written at once, and of two writers either may win.
        Volatile.Write(ref slot, ((ulong)hash << 32) | now);
        return last >> 32 == hash && last != 0 && now - (uint)last <= _within;
    }
}
