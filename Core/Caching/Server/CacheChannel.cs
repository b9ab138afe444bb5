using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Overnight.Core.Caching;

/// <summary>
/// The channel that tells nodes with entries in memory which of them were changed or ended. A message is published after the cache or
/// PostgreSQL was written. A lost message leaves a stale value for the memory's TTL at most, or, where generations were raised, for the
/// second until a node reads them from PostgreSQL.
/// </summary>
/// <remarks>
/// A message is ASCII: <c>changed {runId} {firstUser} {lastUser}</c>, ids in hyphenated lowercase hex, the range inclusive and in
/// PostgreSQL's order of <c>uuid</c>; <c>keys {key} {key} ..</c>, entries that were invalidated;
/// <c>raised {generation} {tenantId} {entity} {entity} ..</c>, the generation that entries of a tenant must carry from now on; or
/// <c>beat {id}</c>, which a node sends to itself to check that it receives messages.
/// </remarks>
public static class CacheChannel
{
    public const string Name = "recs:changed";

    private const int IdLength = 36;
    private static ReadOnlySpan<byte> ChangedWord => "changed "u8;
    private static ReadOnlySpan<byte> BeatWord => "beat "u8;
    private static ReadOnlySpan<byte> KeysWord => "keys "u8;
    private static ReadOnlySpan<byte> RaisedWord => "raised "u8;

    /// <summary>One message for a whole batch of a run.</summary>
    public static byte[] Changed(Guid runId, Guid firstUser, Guid lastUser) =>
        Encoding.ASCII.GetBytes($"changed {runId:D} {firstUser:D} {lastUser:D}");

    /// <param name="keys">Keys that pass <see cref="CacheEntry.CheckKey"/>, so without blanks.</param>
    public static byte[] Keys(IEnumerable<string> keys) => Encoding.ASCII.GetBytes($"keys {string.Join(' ', keys)}");

    /// <param name="tenant">The tenant.</param>
    /// <param name="entities">At least one name of the table of generations, without blanks.</param>
    /// <param name="generation">The generation in force from now on.</param>
    public static byte[] Raised(Guid tenant, IEnumerable<string> entities, long generation) =>
        Encoding.ASCII.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $"raised {generation} {tenant:D} {string.Join(' ', entities)}")
        );

    public static byte[] Beat(Guid id) => Encoding.ASCII.GetBytes($"beat {id:D}");

    public static bool TryReadChanged(ReadOnlySpan<byte> message, out Guid runId, out Guid firstUser, out Guid lastUser)
    {
        runId = firstUser = lastUser = default;
        if (message.Length != ChangedWord.Length + 3 * IdLength + 2 || !message.StartsWith(ChangedWord))
            return false;
        var ids = message[ChangedWord.Length..];
        return ids[IdLength] == ' '
            && ids[2 * IdLength + 1] == ' '
            && TryReadId(ids, out runId)
            && TryReadId(ids[(IdLength + 1)..], out firstUser)
            && TryReadId(ids[(2 * IdLength + 2)..], out lastUser);
    }

    public static bool TryReadKeys(ReadOnlySpan<byte> message, out string[] keys)
    {
        keys = message.StartsWith(KeysWord)
            ? Encoding.ASCII.GetString(message[KeysWord.Length..]).Split(' ', StringSplitOptions.RemoveEmptyEntries)
            : [];
        return keys.Length > 0;
    }

    public static bool TryReadRaised(ReadOnlySpan<byte> message, out Guid tenant, out string[] entities, out long generation)
    {
        (tenant, entities, generation) = (default, [], 0);
        if (!message.StartsWith(RaisedWord))
            return false;
        var words = Encoding.ASCII.GetString(message[RaisedWord.Length..]).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (
            words.Length < 3
            || !long.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out generation)
            || !Guid.TryParseExact(words[1], "D", out tenant)
        )
            return false;
        entities = words[2..];
        return true;
    }

    public static bool TryReadBeat(ReadOnlySpan<byte> message, out Guid id)
    {
        id = default;
        return message.Length == BeatWord.Length + IdLength
            && message.StartsWith(BeatWord)
            && TryReadId(message[BeatWord.Length..], out id);
    }

    private static bool TryReadId(ReadOnlySpan<byte> text, out Guid id) =>
        Utf8Parser.TryParse(text[..IdLength], out id, out var consumed) && consumed == IdLength;
}
