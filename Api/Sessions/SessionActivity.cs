using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Overnight.Api.Sessions;

/// <summary>
/// When sessions were used last, noted in memory by each request and written to PostgreSQL in batches. What is lost with a
/// node is some seconds of activity, by which sessions are warmed newest first, and nothing else.
/// </summary>
internal sealed class SessionActivity(NpgsqlDataSource database, IOptions<SessionOptions> options, TimeProvider time)
{
    private const int BatchSize = 1_000;

    /// <summary>About 200 bytes each; more in one interval are not noted, and are by their next request.</summary>
    private const int Most = 200_000;

    /// <summary>Requests of one session closer together than this are one.</summary>
    private static readonly long Grain = TimeSpan.FromSeconds(1).Ticks;

    // Locked in one order, for other nodes write too. What another wrote meanwhile may be newer.
    private const string Write = """
        with seen as (select token_hash, seen_at from unnest($1, $2) as s (token_hash, seen_at)),
        locked as (
            select s.token_hash, seen.seen_at from sessions s join seen on seen.token_hash = s.token_hash
            where s.last_active_at < seen.seen_at order by s.token_hash for no key update of s)
        update sessions s set last_active_at = locked.seen_at from locked where s.token_hash = locked.token_hash
        """;

    private ConcurrentDictionary<string, long> _seen = new();
    private int _count;

    public TimeSpan Interval => options.Value.ActivityInterval;

    public void Note(string hash)
    {
        var (seen, now) = (Volatile.Read(ref _seen), time.GetUtcNow().UtcTicks);
        // Mostly a look and nothing else.
        if (seen.TryGetValue(hash, out var at))
        {
            if (now - at >= Grain) seen[hash] = now;
        }
        else if (Volatile.Read(ref _count) < Most && seen.TryAdd(hash, now))
        {
            Interlocked.Increment(ref _count);
        }
    }

    /// <summary>Writes what was noted since the last time.</summary>
    /// <returns>How many sessions were changed.</returns>
    /// <exception cref="NpgsqlException">PostgreSQL is away; what is not written is kept for the next time.</exception>
    public async Task<int> WriteAsync(CancellationToken ct)
    {
        Interlocked.Exchange(ref _count, 0);
        var seen = Interlocked.Exchange(ref _seen, new()).ToArray();
        var (changed, written) = (0, 0);
        try
        {
            foreach (var batch in seen.Chunk(BatchSize))
            {
                changed += await WriteAsync(batch, ct);
                written += batch.Length;
            }
        }
        finally
        {
            foreach (var (hash, at) in seen.AsSpan(written))
            {
                if (_seen.TryAdd(hash, at)) Interlocked.Increment(ref _count);
            }
        }
        return changed;
    }

    private async Task<int> WriteAsync(KeyValuePair<string, long>[] batch, CancellationToken ct)
    {
        await using var command = database.CreateCommand(Write);
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = Array.ConvertAll(batch, s => s.Key), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        command.Parameters.Add(new NpgsqlParameter<DateTime[]> { TypedValue = Array.ConvertAll(batch, s => new DateTime(s.Value, DateTimeKind.Utc)), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz });
        return await command.ExecuteNonQueryAsync(ct);
    }
}
