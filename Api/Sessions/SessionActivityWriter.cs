using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Sessions;

namespace Overnight.Api.Sessions;

/// <summary>
/// Writes the last uses of sessions, which requests note in memory, to PostgreSQL in batches. A node that crashes loses at most
/// <see cref="Interval"/> of them; they decide which sessions are warmed first,
/// and when an unused one ends.
/// </summary>
internal sealed class SessionActivityWriter(NpgsqlDataSource database, TokenOwners owners, IOptions<UserSessionOptions> options)
{
    private const int BatchSize = 1_000;

    // Locks the rows in order of their key, since other nodes write too. A newer time that another node wrote is kept.
    private const string Write = """
        with seen as (select token_hash, seen_at from unnest($1, $2) as s (token_hash, seen_at)),
        locked as (
            select s.token_hash, seen.seen_at from sessions s join seen on seen.token_hash = s.token_hash
            where s.last_active_at < seen.seen_at order by s.token_hash for no key update of s)
        update sessions s set last_active_at = locked.seen_at from locked where s.token_hash = locked.token_hash
        """;

    public TimeSpan Interval => options.Value.ActivityInterval;

    /// <summary>Writes the uses that were noted since the last write.</summary>
    /// <returns>How many sessions were changed.</returns>
    /// <exception cref="NpgsqlException">PostgreSQL is away; what is not written is kept for the next time.</exception>
    public async Task<int> WriteAsync(CancellationToken ct)
    {
        var changed = 0;
        foreach (var batch in owners.Unwritten().Chunk(BatchSize))
            changed += await WriteAsync(batch, ct);
        return changed;
    }

    private async Task<int> WriteAsync(TokenOwner[] batch, CancellationToken ct)
    {
        // Copied first, since a session may be used again while the batch is written.
        var used = Array.ConvertAll(batch, session => session.Unwritten!.Value);
        await using var command = database.CreateCommand(Write);
        command.Parameters.Add(
            new NpgsqlParameter<string[]>
            {
                TypedValue = Array.ConvertAll(batch, session => session.Hash),
                NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text,
            }
        );
        command.Parameters.Add(
            new NpgsqlParameter<DateTime[]>
            {
                TypedValue = Array.ConvertAll(used, at => at.UtcDateTime),
                NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz,
            }
        );
        var changed = await command.ExecuteNonQueryAsync(ct);
        foreach (var (session, at) in batch.Zip(used))
            session.Written(at);
        return changed;
    }
}
