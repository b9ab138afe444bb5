using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Actions;
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
/// writes to the cache also where the process ended between the two steps. What changes something is in the action log, in the same
/// transaction.
/// </remarks>
public sealed class SessionRevocation(NpgsqlDataSource database, CacheInvalidation cache, SessionTelemetry telemetry, TimeProvider time)
{
    // Returns the state before the update, so that a repeated call can tell that the session had been ended already. $3 is the user that
    // the session must be of; null for any.
    private const string One = """
        with before as (select token_hash, user_id, revoked_at from sessions where token_hash = $1 for no key update)
        update sessions s set revoked_at = coalesce(s.revoked_at, $2) from before
        where s.token_hash = before.token_hash and ($3::uuid is null or before.user_id = $3) returning before.revoked_at is null, before.user_id
        """;

    // $3 is the session that is left; null for none.
    private const string OfUser =
        "update sessions set revoked_at = $2 where user_id = $1 and revoked_at is null and token_hash is distinct from $3";

    // Includes sessions that were ended recently, possibly while the cache could not be reached. $2 is now, $3 the start of that time.
    private const string Marked =
        "select token_hash from sessions where user_id = $1 and expires_at > $2 and revoked_at >= $3 and token_hash is distinct from $4";

    // The row lock waits for a concurrent sign-in, whose session is then ended, or keeps it from creating one.
    private const string Ban =
        "update users set banned_at = coalesce(banned_at, $2) where id = $1 and deleted_at is null returning banned_at";

    private const string Unban = "update users set banned_at = null where id = $1 and deleted_at is null";

    /// <param name="hash">Hash of the session's token.</param>
    /// <param name="by">Who ends it.</param>
    /// <param name="reason">Why it ends.</param>
    /// <param name="owner">The user that it must be of; null for any.</param>
    /// <returns>Null when there is no such session; an entry of it in the cache is invalidated all the same, unless it must be of
    /// <paramref name="owner"/>.</returns>
    public async Task<EndedSessions?> RevokeAsync(string hash, Actor by, SessionEnd reason = SessionEnd.Revoked, Guid? owner = null)
    {
        var first = await DatabaseRetry.WriteAsync(() => RevokeOnceAsync(hash, by, reason, owner));
        if (first is null && owner is not null)
            return null;
        var heldFrom = await MarkAsync([hash]);
        if (first == true)
            telemetry.Ended(reason, hash);
        return first is { } ended ? new(ended ? 1 : 0, heldFrom) : null;
    }

    /// <summary>Ends every session of a user.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="by">Who ends them.</param>
    /// <param name="reason">Why they end.</param>
    /// <param name="except">Hash of the token of a session that stays; null for none.</param>
    public async Task<EndedSessions> RevokeOfUserAsync(Guid userId, Actor by, SessionEnd reason = SessionEnd.Revoked, string? except = null)
    {
        var (ended, hashes) = await DatabaseRetry.WriteAsync(async () =>
        {
            await using var connection = await database.OpenConnectionAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            var done = await EndAsync(connection, userId, except);
            await LogAsync(
                connection,
                new(by, LoggedAction.SessionEnded, reason.Name()) { Subject = userId, Detail = new { Sessions = done.Ended } }
            );
            await transaction.CommitAsync();
            return done;
        });
        return await AnnounceAsync(userId, reason, ended, hashes);
    }

    /// <summary>Bans a user and ends all of the user's sessions; an earlier ban keeps its time.</summary>
    /// <returns>Null when there is no such user, or one that was deleted.</returns>
    public async Task<(DateTimeOffset BannedAt, EndedSessions Sessions)?> BanAsync(Guid userId, Actor by) =>
        await DatabaseRetry.WriteAsync(() => BanAndEndAsync(userId, by)) is var (bannedAt, ended, hashes)
            ? (bannedAt, await AnnounceAsync(userId, SessionEnd.Banned, ended, hashes))
            : null;

    private async Task<(DateTimeOffset BannedAt, int Ended, List<string> Hashes)?> BanAndEndAsync(Guid userId, Actor by)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        DateTime? banned;
        await using (var ban = connection.Command(Ban, userId, time.GetUtcNow()))
            banned = (DateTime?)await ban.ExecuteScalarAsync();
        if (banned is not { } at)
            return null;
        var (ended, hashes) = await EndAsync(connection, userId, null);
        await LogAsync(connection, new(by, LoggedAction.Ban, "banned") { Subject = userId, Detail = new { Sessions = ended } });
        await transaction.CommitAsync();
        return (new(at), ended, hashes);
    }

    /// <summary>Lets a user sign in again; ended sessions stay ended.</summary>
    /// <returns>False when there is no such user, or one that was deleted.</returns>
    /// <exception cref="RequestException">The user is an administrator with a tenant, which the database refuses.</exception>
    public async Task<bool> UnbanAsync(Guid userId, Actor by)
    {
        try
        {
            return await DatabaseRetry.WriteAsync(async () =>
            {
                await using var connection = await database.OpenConnectionAsync();
                await using var transaction = await connection.BeginTransactionAsync();
                await using (var unban = connection.Command(Unban, userId))
                {
                    if (await unban.ExecuteNonQueryAsync() == 0)
                        return false;
                }
                await LogAsync(connection, new(by, LoggedAction.Unban, "unbanned") { Subject = userId });
                await transaction.CommitAsync();
                return true;
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

    /// <summary>Ends sessions in the connection's transaction; call <see cref="AnnounceAsync"/> after its commit.</summary>
    /// <returns>How many had not been ended before, and those that the cache has to forget.</returns>
    internal async Task<(int Ended, List<string> Hashes)> EndAsync(NpgsqlConnection connection, Guid userId, string? except)
    {
        var now = time.GetUtcNow();
        int ended;
        await using (var end = connection.Command(OfUser, userId, now, Text(except)))
            ended = await end.ExecuteNonQueryAsync();
        await using var marked = connection.Command(Marked, userId, now, now - CacheEntry.InvalidationTtl, Text(except));
        await using var reader = await marked.ExecuteReaderAsync();
        List<string> hashes = [];
        while (await reader.ReadAsync())
            hashes.Add(reader.GetString(0));
        return (ended, hashes);
    }

    /// <summary>Tells the cache and every node of ended sessions, and counts them.</summary>
    internal async Task<EndedSessions> AnnounceAsync(Guid userId, SessionEnd reason, int ended, IReadOnlyList<string> hashes)
    {
        telemetry.EndedOfUser(reason, userId, ended);
        return new(ended, await MarkAsync(hashes));
    }

    /// <returns>Whether it had not been ended before; null when there is no such session.</returns>
    private async Task<bool?> RevokeOnceAsync(string hash, Actor by, SessionEnd reason, Guid? owner)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        bool isFirst;
        Guid user;
        await using (var end = connection.Command(One, hash, time.GetUtcNow(), PersonRefs.Parameter(owner)))
        await using (var reader = await end.ExecuteReaderAsync())
        {
            if (!await reader.ReadAsync())
                return null;
            (isFirst, user) = (reader.GetBoolean(0), reader.GetGuid(1));
        }
        if (isFirst)
            await LogAsync(
                connection,
                new(by, LoggedAction.SessionEnded, reason.Name()) { Subject = user, Target = SessionTelemetry.Masked(hash) }
            );
        await transaction.CommitAsync();
        return isFirst;
    }

    private Task LogAsync(NpgsqlConnection connection, ActionEntry entry) =>
        ActionLog.WriteAsync(connection, entry, time.GetUtcNow(), CancellationToken.None);

    /// <returns>From when on every node refuses the sessions.</returns>
    private async Task<DateTimeOffset> MarkAsync(IReadOnlyList<string> hashes) =>
        await cache.ForgetAsync([.. hashes.Select(CacheKeys.Session)]) ? time.GetUtcNow() : time.GetUtcNow() + CacheKeys.SessionTtl;

    private static NpgsqlParameter Text(string? text) => new() { Value = (object?)text ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text };
}
