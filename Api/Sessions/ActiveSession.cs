using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Overnight.Api.Sessions;

/// <summary>A session that was valid when it was looked up.</summary>
internal sealed record ActiveSession(Guid UserId, bool IsAdmin, Guid? TenantId, DateTimeOffset ExpiresAt);

/// <summary>
/// The value of <c>session:{hash}</c>, 47 bytes: version, role, whether there is a tenant, user id, tenant id, expiry
/// (Unix milliseconds), and a CRC-32C over the hash and all of that, so that a value under another session's key, of
/// another version or with damage is a miss.
/// </summary>
internal static class CachedSession
{
    private const byte Version = 1;
    private const int UserAt = 3, TenantAt = 19, ExpiryAt = 35, ChecksumAt = 43;
    public const int Length = 47;

    public static byte[] Write(ActiveSession session, string hash)
    {
        var value = new byte[Length];
        value[0] = Version;
        value[1] = session.IsAdmin ? (byte)1 : (byte)0;
        value[2] = session.TenantId is null ? (byte)0 : (byte)1;
        session.UserId.TryWriteBytes(value.AsSpan(UserAt), bigEndian: true, out _);
        session.TenantId.GetValueOrDefault().TryWriteBytes(value.AsSpan(TenantAt), bigEndian: true, out _);
        BinaryPrimitives.WriteInt64BigEndian(value.AsSpan(ExpiryAt), session.ExpiresAt.ToUnixTimeMilliseconds());
        BinaryPrimitives.WriteUInt32BigEndian(value.AsSpan(ChecksumAt), Checksum(value, hash));
        return value;
    }

    /// <returns>Null for anything but a whole value of this version, written for this hash.</returns>
    public static ActiveSession? Read(ReadOnlySpan<byte> value, string hash)
    {
        if (value.Length != Length || value[0] != Version || value[1] > 1 || value[2] > 1) return null;
        if (BinaryPrimitives.ReadUInt32BigEndian(value[ChecksumAt..]) != Checksum(value, hash)) return null;
        var expiry = BinaryPrimitives.ReadInt64BigEndian(value[ExpiryAt..]);
        return new(
            new Guid(value.Slice(UserAt, 16), bigEndian: true),
            value[1] == 1,
            value[2] == 1 ? new Guid(value.Slice(TenantAt, 16), bigEndian: true) : null,
            DateTimeOffset.FromUnixTimeMilliseconds(expiry));
    }

    private static uint Checksum(ReadOnlySpan<byte> value, string hash)
    {
        Span<byte> all = stackalloc byte[64 + ChecksumAt];
        Encoding.ASCII.GetBytes(hash, all);
        value[..ChecksumAt].CopyTo(all[64..]);
        var crc = uint.MaxValue;
        while (all.Length >= 8)
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(all));
            all = all[8..];
        }
        foreach (var b in all) crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }
}
