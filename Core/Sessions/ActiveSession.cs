using System.Buffers.Binary;
using System.Text;
using Overnight.Core.Caching;

namespace Overnight.Core.Sessions;

/// <summary>A session that was valid when it was looked up.</summary>
/// <param name="Markets">Codes of the user's markets, with commas between; by their calendars the dashboard tells what is fresh.</param>
internal sealed record ActiveSession(Guid UserId, bool IsAdmin, Guid? TenantId, DateTimeOffset ExpiresAt, string Markets = "");

/// <summary>
/// The value of <c>session:{hash}</c>, 47 bytes and the codes of markets: version, role, whether there is a tenant, user id,
/// tenant id, expiry (Unix milliseconds), codes, and a CRC-32C over the hash and all of that, so that a value under another
/// session's key, of another version or with damage is a miss.
/// </summary>
internal static class CachedSession
{
    private const byte Version = 2;

    /// <summary>
    /// What stands in a session's place when it was revoked. It is written over whatever is there, and a session only where
    /// nothing is, so that a load or a warm that began before the revocation can't bring the session back (SPEC E1).
    /// </summary>
    public static readonly byte[] Revoked = [0];

    /// <summary>How long the marker stands: longer than any load or batch of a warm takes from its read to its write.</summary>
    public static readonly TimeSpan RevokedTtl = TimeSpan.FromMinutes(10);

    private const int UserAt = 3,
        TenantAt = 19,
        ExpiryAt = 35,
        MarketsAt = 43,
        ChecksumLength = 4;

    /// <summary>Of a value without markets, and with as many as are asked for (<see cref="MostMarkets"/> codes of 12 letters).</summary>
    public const int Length = MarketsAt + ChecksumLength,
        MostLength = Length + 13 * MostMarkets;

    /// <summary>As <see cref="StoredSessions.Columns"/> asks for.</summary>
    public const int MostMarkets = 15;

    public static byte[] Write(ActiveSession session, string hash)
    {
        var value = new byte[Length + session.Markets.Length];
        value[0] = Version;
        value[1] = session.IsAdmin ? (byte)1 : (byte)0;
        value[2] = session.TenantId is null ? (byte)0 : (byte)1;
        session.UserId.TryWriteBytes(value.AsSpan(UserAt), bigEndian: true, out _);
        session.TenantId.GetValueOrDefault().TryWriteBytes(value.AsSpan(TenantAt), bigEndian: true, out _);
        BinaryPrimitives.WriteInt64BigEndian(value.AsSpan(ExpiryAt), session.ExpiresAt.ToUnixTimeMilliseconds());
        Encoding.ASCII.GetBytes(session.Markets, value.AsSpan(MarketsAt));
        BinaryPrimitives.WriteUInt32BigEndian(value.AsSpan(value.Length - ChecksumLength), Checksum(value, hash));
        return value;
    }

    public static bool IsRevoked(ReadOnlySpan<byte> value) => value.SequenceEqual(Revoked);

    /// <summary>The entry of a session that was read at <paramref name="readAt"/>: five minutes from then, never past its expiry (SPEC E1). Null when that is over.</summary>
    public static CacheWrite? Entry(ActiveSession session, string hash, DateTimeOffset readAt, DateTimeOffset now)
    {
        var until = readAt + CacheKeys.SessionTtl;
        var left = (session.ExpiresAt < until ? session.ExpiresAt : until) - now;
        // A TTL is set in whole milliseconds, and none may be zero.
        return left < TimeSpan.FromMilliseconds(1) ? null : new(CacheKeys.Session(hash), Write(session, hash), left);
    }

    /// <returns>Null for anything but a whole value of this version, written for this hash.</returns>
    public static ActiveSession? Read(ReadOnlySpan<byte> value, string hash)
    {
        if (value.Length is < Length or > MostLength || value[0] != Version || value[1] > 1 || value[2] > 1)
            return null;
        if (BinaryPrimitives.ReadUInt32BigEndian(value[^ChecksumLength..]) != Checksum(value, hash))
            return null;
        var expiry = BinaryPrimitives.ReadInt64BigEndian(value[ExpiryAt..]);
        return new(
            new Guid(value.Slice(UserAt, 16), bigEndian: true),
            value[1] == 1,
            value[2] == 1 ? new Guid(value.Slice(TenantAt, 16), bigEndian: true) : null,
            DateTimeOffset.FromUnixTimeMilliseconds(expiry),
            Encoding.ASCII.GetString(value[MarketsAt..^ChecksumLength])
        );
    }

    private static uint Checksum(ReadOnlySpan<byte> value, string hash)
    {
        value = value[..^ChecksumLength];
        Span<byte> all = stackalloc byte[64 + MostLength];
        Encoding.ASCII.GetBytes(hash, all);
        value.CopyTo(all[64..]);
        return Crc32C.Of(all[..(64 + value.Length)]);
    }
}
