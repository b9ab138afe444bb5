using Microsoft.Extensions.Options;

namespace Overnight.Core.Caching;

/// <summary>Results in this node's memory, by user. Only what was read from the cache server goes in, and of that only what is read often.</summary>
public sealed class MemoryResults(IOptions<CacheOptions> options, TimeProvider time)
    : BoundedMemory<Guid, byte[]>(options.Value.MemoryBytes, time)
{
    private readonly long _ttl = (long)(options.Value.MemoryTtl.TotalSeconds * time.TimestampFrequency);
    private readonly RecentReads _recent = new(options.Value.MemoryAdmission, time);

    /// <param name="userId">Whose.</param>
    /// <param name="value">The entry; it must not be changed afterwards.</param>
    /// <param name="epoch">As it was before the value was read.</param>
    public void Put(Guid userId, byte[] value, long epoch)
    {
        ArgumentNullException.ThrowIfNull(value);
        // One read now and then would push out those read often, and live just long enough to be dear to collect.
        if (IsEnabled && _recent.IsFrequent(userId))
            Put(userId, value, value.Length, _ttl, epoch);
    }

    /// <summary>Forgets a range of users, both ends included, in PostgreSQL's order of ids.</summary>
    public void Invalidate(Guid firstUser, Guid lastUser)
    {
        if (firstUser == lastUser)
            Forget(firstUser);
        else
            ForgetWhere(user => Contains(firstUser, lastUser, user));
    }

    /// <summary>Whether the id is in the range; Guid compares field by field from the left, as PostgreSQL compares bytes.</summary>
    public static bool Contains(Guid first, Guid last, Guid id) => first.CompareTo(id) <= 0 && id.CompareTo(last) <= 0;
}
