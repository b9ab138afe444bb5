using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Overnight.Core.Caching;

namespace Overnight.Core.Sessions;

/// <summary>
/// Encodes and verifies the value of a session's entry (<see cref="CacheEntry"/>):
/// <c>{"user":"..","admin":false,"tenant":..,"expires":..,"markets":"..","mac":".."}</c>, ids with hyphens, the expiry in Unix
/// milliseconds. The MAC, HMAC-SHA256 in base64url, covers the entry's key, the time at which the session was read from PostgreSQL, and
/// the fields before it.
/// </summary>
/// <param name="keys">The first key signs; each of them is accepted.</param>
public sealed class CachedSessionSigner(IReadOnlyList<byte[]> keys)
{
    private const int MacLength = 43;

    /// <summary>Longest value in bytes that is accepted; the values that are written are shorter.</summary>
    private const int MostLength = 1_024;

    // One hash object per thread, because creating one costs more than hashing a value of this length.
    private readonly ThreadLocal<IncrementalHash>[] _keys =
    [
        .. keys.Select(key => new ThreadLocal<IncrementalHash>(() => IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key))),
    ];

    private static readonly int TailLength = MacField.Length + MacLength + End.Length;

    private static ReadOnlySpan<byte> MacField => ",\"mac\":\""u8;
    private static ReadOnlySpan<byte> End => "\"}"u8;

    /// <summary>
    /// Encodes a session that was read from PostgreSQL at <paramref name="readAt"/>, with a TTL that ends five minutes later and never
    /// after the session's expiry. Null when that time is over.
    /// </summary>
    /// <param name="session">The session.</param>
    /// <param name="hash">Hash of the session's token.</param>
    /// <param name="readAt">When it was read from PostgreSQL.</param>
    /// <param name="now">The current time.</param>
    public CacheWrite? Write(ActiveSession session, string hash, DateTimeOffset readAt, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(session);
        var until = readAt + CacheKeys.SessionTtl;
        var left = (session.ExpiresAt < until ? session.ExpiresAt : until) - now;
        // The server takes a TTL in whole milliseconds and refuses zero.
        if (left < TimeSpan.FromMilliseconds(1))
            return null;
        var key = CacheKeys.Session(hash);
        var tenant = session.TenantId is { } id ? $"\"{id:D}\"" : "null";
        var signed = Encoding.ASCII.GetBytes(
            $"{{\"user\":\"{session.UserId:D}\",\"admin\":{(session.IsAdmin ? "true" : "false")},\"tenant\":{tenant},\"expires\":{session.ExpiresAt.ToUnixTimeMilliseconds()},\"markets\":\"{session.Markets}\""
        );
        var value = new byte[signed.Length + TailLength];
        signed.CopyTo(value, 0);
        MacField.CopyTo(value.AsSpan(signed.Length));
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Sign(_keys[0], key, readAt, signed, mac);
        Base64Url.EncodeToUtf8(mac, value.AsSpan(signed.Length + MacField.Length));
        End.CopyTo(value.AsSpan(value.Length - End.Length));
        return new(key, CacheEntry.Write(key, readAt, generation: 0, value), left);
    }

    /// <returns>Null for a value that was not signed for this key with one of the signing keys, or that was read from PostgreSQL more than
    /// <see cref="CacheKeys.SessionTtl"/> ago.</returns>
    public ActiveSession? Read(CacheEntry entry, string key, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(key);
        var value = entry.Value.Span;
        // The time is signed, so replaying an entry can't prolong it beyond its TTL.
        if (now - entry.AsOf > CacheKeys.SessionTtl || value.Length <= TailLength || value.Length > MostLength)
            return null;
        var signed = value[..^TailLength];
        var tail = value[^TailLength..];
        if (!tail.StartsWith(MacField) || !tail.EndsWith(End))
            return null;
        Span<byte> given = stackalloc byte[HMACSHA256.HashSizeInBytes];
        var status = Base64Url.DecodeFromUtf8(tail.Slice(MacField.Length, MacLength), given, out _, out var length);
        if (status != OperationStatus.Done || length != given.Length)
            return null;
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        foreach (var one in _keys)
        {
            Sign(one, key, entry.AsOf, signed, mac);
            if (CryptographicOperations.FixedTimeEquals(mac, given))
                return Parse(value);
        }
        return null;
    }

    private static void Sign(ThreadLocal<IncrementalHash> with, string key, DateTimeOffset readAt, ReadOnlySpan<byte> value, Span<byte> mac)
    {
        Span<byte> all = stackalloc byte[CacheEntry.MostKeyLength + sizeof(long) + MostLength];
        var length = Encoding.ASCII.GetBytes(key, all);
        BinaryPrimitives.WriteInt64BigEndian(all[length..], readAt.UtcTicks);
        length += sizeof(long);
        value.CopyTo(all[length..]);
        with.Value!.AppendData(all[..(length + value.Length)]);
        with.Value.GetHashAndReset(mac);
    }

    /// <summary>Parses a value whose signature was verified, so its form is known.</summary>
    private static ActiveSession Parse(ReadOnlySpan<byte> value)
    {
        Utf8JsonReader json = new(value);
        json.Read();
        Next(ref json);
        var user = json.GetGuid();
        Next(ref json);
        var isAdmin = json.GetBoolean();
        Next(ref json);
        Guid? tenant = json.TokenType == JsonTokenType.Null ? null : json.GetGuid();
        Next(ref json);
        var expires = DateTimeOffset.FromUnixTimeMilliseconds(json.GetInt64());
        Next(ref json);
        return new(user, isAdmin, tenant, expires, json.GetString()!);

        static void Next(ref Utf8JsonReader json)
        {
            json.Read();
            json.Read();
        }
    }
}
