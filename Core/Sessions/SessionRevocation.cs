using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Caching;

namespace Overnight.Core.Sessions;

/// <summary>Sessions that were ended.</summary>
/// <param name="Ended">How many were not before.</param>
/// <param name="HeldFrom">From when on every node refuses them: at once, or where the cache could not be told when
/// <see cref="CacheKeys.SessionTtl"/> is over.</param>
public readonly record struct EndedSessions(int Ended, DateTimeOffset HeldFrom);

/// <summary>
/// Ends sessions: first in PostgreSQL, then in the cache and in every node's memory; a mark keeps out whoever read one before.
/// With the cache away this node refuses them at once, and others within <see cref="CacheKeys.SessionTtl"/> (SPEC E1).
/// </summary>
/// <remarks>
/// Nothing here can be cancelled: what is committed must be told to the cache as well. It is safe to repeat, and should the
/// process have ended between the two, repeating it tells the cache.
/// </remarks>
public sealed class SessionRevocation(NpgsqlDataSource database, CacheInvalidation cache, SessionTelemetry telemetry, TimeProvider time)
{
    // The row it was, so that one who repeats it is told the same.
    private const string One = """
        with before as (select token_hash, revoked_at from sessions where token_hash = $1 for no key update)
        update sessions s set revoked_at = coalesce(s.revoked_at, $2) from before where s.token_hash = before.token_hash returning before.revoked_at is null
        """;

    private const string OfUser = "update sessions set revoked_at = $2 where user_id = $1 and revoked_at is null";

    // Also those that were ended a moment ago, perhaps by one who could not tell the cache. $2 is now, $3 the start of that moment.
    private const string Marked = "select token_hash from sessions where user_id = $1 and expires_at > $2 and revoked_at >= $3";

    // The lock lets no sign-in be under way meanwhile: its session is there to be ended, or is never made.
    private const string Ban =
        "update users set banned_at = coalesce(banned_at, $2) where id = $1 and deleted_at is null returning banned_at";

    private const string Unban = "update users set banned_at = null where id = $1 and deleted_at is null";

    /// <returns>Null when there is no such session; one that is in the cache all the same is refused from now on, too.</returns>
    public async Task<EndedSessions?> RevokeAsync(string hash, SessionEnd reason = SessionEnd.Revoked)
    {
        bool? first;
        await using (var command = database.CreateCommand(One))
        {
            Add(command, new NpgsqlParameter<string> { TypedValue = hash }, Time(time.GetUtcNow()));
            first = (bool?)await command.ExecuteScalarAsync();
        }
        var heldFrom = await MarkAsync([hash]);
        if (first == true)
            telemetry.Ended(reason, hash);
        return first is { } ended ? new(ended ? 1 : 0, heldFrom) : null;
    }

    /// <summary>Ends every session of a user.</summary>
    public async Task<EndedSessions> RevokeOfUserAsync(Guid userId, SessionEnd reason = SessionEnd.Revoked)
    {
        await using var connection = await database.OpenConnectionAsync();
        var (ended, hashes) = await EndAsync(connection, userId);
        telemetry.EndedOfUser(reason, userId, ended);
        return new(ended, await MarkAsync(hashes));
    }

    /// <summary>Bans a user and ends every session; who is banned already stays so since then.</summary>
    /// <returns>Null when there is no such user, or one that was deleted.</returns>
    public async Task<(DateTimeOffset BannedAt, EndedSessions Sessions)?> BanAsync(Guid userId)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        DateTime? banned;
        await using (NpgsqlCommand ban = new(Ban, connection, transaction))
        {
            Add(ban, new NpgsqlParameter<Guid> { TypedValue = userId }, Time(time.GetUtcNow()));
            banned = (DateTime?)await ban.ExecuteScalarAsync();
        }
        if (banned is not { } at)
            return null;
        var (ended, hashes) = await EndAsync(connection, userId);
        await transaction.CommitAsync();
        telemetry.EndedOfUser(SessionEnd.Banned, userId, ended);
        return (new(at), new(ended, await MarkAsync(hashes)));
    }

    /// <summary>Lets a user sign in again; ended sessions stay ended.</summary>
    /// <returns>False when there is no such user, or one that was deleted.</returns>
    public async Task<bool> UnbanAsync(Guid userId)
    {
        await using var command = database.CreateCommand(Unban);
        Add(command, new NpgsqlParameter<Guid> { TypedValue = userId });
        return await command.ExecuteNonQueryAsync() == 1;
    }

    private async Task<(int Ended, List<string> Hashes)> EndAsync(NpgsqlConnection connection, Guid userId)
    {
        var now = time.GetUtcNow();
        int ended;
        await using (NpgsqlCommand end = new(OfUser, connection))
        {
            Add(end, new NpgsqlParameter<Guid> { TypedValue = userId }, Time(now));
            ended = await end.ExecuteNonQueryAsync();
        }
        await using NpgsqlCommand marked = new(Marked, connection);
        Add(marked, new NpgsqlParameter<Guid> { TypedValue = userId }, Time(now), Time(now - StoredEntry.InvalidationTtl));
        await using var reader = await marked.ExecuteReaderAsync();
        List<string> hashes = [];
        while (await reader.ReadAsync())
            hashes.Add(reader.GetString(0));
        return (ended, hashes);
    }

    /// <returns>From when on they are refused everywhere.</returns>
    private async Task<DateTimeOffset> MarkAsync(IReadOnlyList<string> hashes) =>
        await cache.ForgetAsync([.. hashes.Select(CacheKeys.Session)]) ? time.GetUtcNow() : time.GetUtcNow() + CacheKeys.SessionTtl;

    private static NpgsqlParameter<DateTime> Time(DateTimeOffset value) =>
        new() { TypedValue = value.UtcDateTime, NpgsqlDbType = NpgsqlDbType.TimestampTz };

    private static void Add(NpgsqlCommand command, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        foreach (var parameter in parameters)
            command.Parameters.Add(parameter);
    }
}
