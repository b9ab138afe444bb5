using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Overnight.Core.Json;

namespace Overnight.Core.Caching;

/// <summary>
/// A flag, a session or reference data as the cache holds it: <c>{"key":"..","asOf":"..","generation":0,"value":..</c> and the tail of
/// <see cref="ChecksummedJson"/>. Bytes of another key, of another shape, or with damage are not read as an entry.
/// </summary>
/// <remarks>
/// <c>asOf</c> is when PostgreSQL was queried, UTC with seven decimals; <c>value</c> is any JSON. A mark replaces an invalidated entry
/// for <see cref="InvalidationTtl"/>. A value is written only over exactly what was there before it was loaded, so a load begun before
/// an invalidation can't bring the old value back.
/// </remarks>
public sealed class CacheEntry
{
    /// <summary>How long an invalidation mark stays: longer than any load takes from its read of the cache to its write.</summary>
    public static readonly TimeSpan InvalidationTtl = TimeSpan.FromMinutes(10);

    /// <summary>The longest key, in characters.</summary>
    public const int MostKeyLength = 512;

    private const int TimeLength = 28;

    // Printable ASCII except the blank, which separates keys on the channel, and the characters that JSON escapes.
    private static readonly SearchValues<char> KeyCharacters = SearchValues.Create([
        .. Enumerable.Range('!', '~' - '!' + 1).Select(c => (char)c).Where(c => c is not ('"' or '\\')),
    ]);

    private CacheEntry(byte[] bytes, ReadOnlyMemory<byte> value, DateTimeOffset asOf, long generation) =>
        (Bytes, Value, AsOf, Generation) = (bytes, value, asOf, generation);

    /// <summary>The whole entry as it is stored.</summary>
    public byte[] Bytes { get; }

    /// <summary>The JSON that PostgreSQL returned.</summary>
    public ReadOnlyMemory<byte> Value { get; }

    public DateTimeOffset AsOf { get; }

    public long Generation { get; }

    private static ReadOnlySpan<byte> KeyField => "{\"key\":\""u8;
    private static ReadOnlySpan<byte> AsOfField => "\",\"asOf\":\""u8;
    private static ReadOnlySpan<byte> GenerationField => "\",\"generation\":"u8;
    private static ReadOnlySpan<byte> ValueField => ",\"value\":"u8;
    private static ReadOnlySpan<byte> InvalidationWord => "invalidated "u8;

    /// <exception cref="ArgumentException">The key is empty, too long, or has a character that percent-encoding would encode.</exception>
    public static void CheckKey(string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        if (key.Length > MostKeyLength || key.AsSpan().ContainsAnyExcept(KeyCharacters))
            throw new ArgumentException(
                $"A key has at most {MostKeyLength} characters, all of them printable ASCII without blanks and quotes.",
                nameof(key)
            );
    }

    /// <summary>Encodes an entry.</summary>
    /// <param name="key">The entry's key, which <see cref="CheckKey"/> accepts.</param>
    /// <param name="asOf">When PostgreSQL was queried.</param>
    /// <param name="generation">The generation in force before the query; a reader with another one takes the entry for a miss.</param>
    /// <param name="value">JSON.</param>
    public static byte[] Write(string key, DateTimeOffset asOf, long generation, ReadOnlySpan<byte> value)
    {
        CheckKey(key);
        var head = $"{{\"key\":\"{key}\",\"asOf\":\"{asOf.UtcDateTime:O}\",\"generation\":{generation},\"value\":";
        var bytes = new byte[head.Length + value.Length + ChecksummedJson.TailLength];
        Encoding.ASCII.GetBytes(head, bytes);
        value.CopyTo(bytes.AsSpan(head.Length));
        ChecksummedJson.WriteTail(bytes, head.Length + value.Length);
        return bytes;
    }

    /// <returns>The entry, which shares <paramref name="bytes"/>; null where they are not an intact entry of this build's shape, written
    /// for this key.</returns>
    public static CacheEntry? Read(byte[] bytes, string key)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        ArgumentNullException.ThrowIfNull(key);
        if (!ChecksummedJson.IsIntact(bytes))
            return null;
        ReadOnlySpan<byte> rest = bytes.AsSpan(0, bytes.Length - ChecksummedJson.TailLength);
        if (!Skip(ref rest, KeyField) || rest.Length < key.Length || !Ascii.Equals(rest[..key.Length], key))
            return null;
        rest = rest[key.Length..];
        if (!Skip(ref rest, AsOfField) || !Utf8Parser.TryParse(rest, out DateTime asOf, out var length, 'O') || length != TimeLength)
            return null;
        rest = rest[TimeLength..];
        if (!Skip(ref rest, GenerationField) || !Utf8Parser.TryParse(rest, out long generation, out length))
            return null;
        rest = rest[length..];
        if (!Skip(ref rest, ValueField) || rest.IsEmpty)
            return null;
        return new(
            bytes,
            bytes.AsMemory(bytes.Length - ChecksummedJson.TailLength - rest.Length, rest.Length),
            new(asOf, TimeSpan.Zero),
            generation
        );
    }

    /// <summary>A mark that replaces an invalidated entry. It is random, so that a write can't mistake it for an earlier mark.</summary>
    public static byte[] Invalidation() =>
        [.. InvalidationWord, .. Encoding.ASCII.GetBytes(RandomNumberGenerator.GetHexString(32, lowercase: true))];

    public static bool IsInvalidation(ReadOnlySpan<byte> bytes) =>
        bytes.Length == InvalidationWord.Length + 32 && bytes.StartsWith(InvalidationWord);

    private static bool Skip(ref ReadOnlySpan<byte> rest, ReadOnlySpan<byte> expected)
    {
        if (!rest.StartsWith(expected))
            return false;
        rest = rest[expected.Length..];
        return true;
    }
}
