using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Caching;
using Overnight.Core.Data;
using Overnight.Core.Data.Migrations;

namespace Overnight.Core.Sessions;

/// <summary>The outcome of ending sessions.</summary>
/// <param name="Ended">Number of sessions that had not been ended before.</param>
/// <param name="HeldFrom">From when on every node refuses them: at once, or after <see cref="CacheKeys.SessionTtl"/> where the cache could
/// not be reached.</param>
public readonly record struct EndedSessions(int Ended, DateTimeOffset HeldFrom);

/// <summary>
/// Ends sessions in PostgreSQL, then in the cache and in every node's memory; a mark keeps a load that began earlier from writing one
/// back. While the cache can't be reached this node refuses them at once, and others within <see cref="CacheKeys.SessionTtl"/>.
/// </summary>
/// <remarks>
/// Nothing here can be cancelled, because a committed change must reach the cache as well. Every call can be repeated safely; repeating it
/// writes to the cache also where the process ended between the two steps.
/// </remarks>
public sealed class SessionRevocation(NpgsqlDataSource database, CacheInvalidation cache, SessionTelemetry telemetry, TimeProvider time)
{
    // Returns the state before the update, so that a repeated call can tell that the session had been ended already.
    private const string One = """
        with before as (select token_hash, revoked_at from sessions where token_hash = $1 for no key update)
        update sessions s set revoked_at = coalesce(s.revoked_at, $2) from before where s.token_hash = before.token_hash returning before.revoked_at is null
        """;

    private const string OfUser = "update sessions set revoked_at = $2 where user_id = $1 and revoked_at is null";

    // Includes sessions that were ended recently, possibly while the cache could not be reached. $2 is now, $3 the start of that time.
    private const string Marked = "select token_hash from sessions where user_id = $1 and expires_at > $2 and revoked_at >= $3";

    // The row lock waits for a concurrent sign-in, whose session is then ended, or keeps it from creating one.
    private const string Ban =
        "update users set banned_at = coalesce(banned_at, $2) where id = $1 and deleted_at is null returning banned_at";

    private const string Unban = "update users set banned_at = null where id = $1 and deleted_at is null";

    /// <returns>Null when there is no such session; an entry of it in the cache is invalidated all the same.</returns>
    public async Task<EndedSessions?> RevokeAsync(string hash, SessionEnd reason = SessionEnd.Revoked)
    {
        var first = await DatabaseRetry.WriteAsync(async () =>
        {
            await using var command = database.CreateCommand(One);
            Add(command, new NpgsqlParameter<string> { TypedValue = hash }, Time(time.GetUtcNow()));
            return (bool?)await command.ExecuteScalarAsync();
        });
        var heldFrom = await MarkAsync([hash]);
        if (first == true)
            telemetry.Ended(reason, hash);
        return first is { } ended ? new(ended ? 1 : 0, heldFrom) : null;
    }

    /// <summary>Ends every session of a user.</summary>
    public async Task<EndedSessions> RevokeOfUserAsync(Guid userId, SessionEnd reason = SessionEnd.Revoked)
    {
        var (ended, hashes) = await DatabaseRetry.WriteAsync(async () =>
        {
            await using var connection = await database.OpenConnectionAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            var done = await EndAsync(connection, userId);
            await transaction.CommitAsync();
            return done;
        });
        telemetry.EndedOfUser(reason, userId, ended);
        return new(ended, await MarkAsync(hashes));
    }

    /// <summary>Bans a user and ends all of the user's sessions; an earlier ban keeps its time.</summary>
    /// <returns>Null when there is no such user, or one that was deleted.</returns>
    public async Task<(DateTimeOffset BannedAt, EndedSessions Sessions)?> BanAsync(Guid userId) =>
        await DatabaseRetry.WriteAsync(() => BanAndEndAsync(userId)) is var (bannedAt, ended, hashes)
            ? (bannedAt, new(ended, await MarkAsync(hashes)))
            : null;

    private async Task<(DateTimeOffset BannedAt, int Ended, List<string> Hashes)?> BanAndEndAsync(Guid userId)
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
        return (new(at), ended, hashes);
    }

    /// <summary>Lets a user sign in again; ended sessions stay ended.</summary>
    /// <returns>False when there is no such user, or one that was deleted.</returns>
    /// <exception cref="RequestException">The user is an administrator with a tenant, which the database refuses.</exception>
    public async Task<bool> UnbanAsync(Guid userId)
    {
        try
        {
            return await DatabaseRetry.WriteAsync(async () =>
            {
                await using var command = database.CreateCommand(Unban);
                Add(command, new NpgsqlParameter<Guid> { TypedValue = userId });
                return await command.ExecuteNonQueryAsync() == 1;
            });
        }
        catch (PostgresException refused) when (refused.ConstraintName == TenantlessAdministrators.Constraint)
        {
            throw new RequestException(
                "user",
                $"User {userId} is an administrator and belongs to a tenant: an administrator acts for all tenants, and so belongs to none.",
                refused
            );
        }
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
        Add(marked, new NpgsqlParameter<Guid> { TypedValue = userId }, Time(now), Time(now - CacheEntry.InvalidationTtl));
        await using var reader = await marked.ExecuteReaderAsync();
        List<string> hashes = [];
        while (await reader.ReadAsync())
            hashes.Add(reader.GetString(0));
        return (ended, hashes);
    }

    /// <returns>From when on every node refuses the sessions.</returns>
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
