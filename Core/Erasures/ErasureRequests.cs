using Npgsql;
using Overnight.Core.Actions;
using Overnight.Core.Data;

namespace Overnight.Core.Erasures;

/// <summary>Asks for the erasure of a user, which a process of <c>jobs</c> carries out.</summary>
/// <param name="checkpoint">Told before and after the commit; a test breaks off there.</param>
public sealed class ErasureRequests(NpgsqlDataSource database, TimeProvider time, Action<string>? checkpoint = null)
{
    private const string LockAdministrators =
        "select id from users where role = 'admin' and deleted_at is null and banned_at is null order by id for update";

    /// <summary>
    /// The hash of a user's <c>id</c> in SQL, by which the user is found again in a restored backup. An id has 74 random bits, so it can't
    /// be turned back.
    /// </summary>
    public const string UserHash = @"sha256('\x05'::bytea || uuid_send(id))";

    // From now on the user can't sign in, and no run plans the user.
    private const string Begin = $"""
        with closed as (update users set deleted_at = coalesce(deleted_at, $3) where id = $2 returning id)
        insert into erasures (id, user_id, user_hash, requested_at)
            select $1, id, {UserHash}, $3 from closed on conflict (user_id) do nothing
        """;

    private const string Find = "select id from erasures where user_id = $1";

    /// <summary>Begins the erasure of a user, or finds the one that was begun.</summary>
    /// <param name="erasure">The id that it gets, where a list has one; a new one when null.</param>
    /// <returns>Its id; null when there is no such user.</returns>
    /// <exception cref="RequestException">The user is the last administrator.</exception>
    public Task<Guid?> RequestAsync(Guid user, Actor by, CancellationToken ct, Guid? erasure = null) =>
        DatabaseRetry.WriteAsync(() => RequestOnceAsync(user, by, erasure, ct));

    private async Task<Guid?> RequestOnceAsync(Guid user, Actor by, Guid? erasure, CancellationToken ct)
    {
        await using (var connection = await database.OpenConnectionAsync(ct))
        await using (var transaction = await connection.BeginTransactionAsync(ct))
        {
            if (await IdsAsync(connection, ct) is [var only] && only == user)
                throw new RequestException(
                    "user",
                    $"User {user} is the last administrator who can sign in, and can't be erased: make another user an administrator first."
                );
            var now = time.GetUtcNow();
            var id = erasure ?? Guid.CreateVersion7(now);
            await using (var begin = connection.Command(Begin, id, user, now))
            {
                if (await begin.ExecuteNonQueryAsync(ct) > 0)
                    await ActionLog.WriteAsync(
                        connection,
                        new(by, LoggedAction.Erasure, "started") { Subject = user, Target = $"{id:D}" },
                        now,
                        ct
                    );
            }
            checkpoint?.Invoke("requested");
            await transaction.CommitAsync(ct);
            checkpoint?.Invoke("requested committed");
        }
        await using var find = database.Command(Find, user);
        return await find.ExecuteScalarAsync(ct) as Guid?;
    }

    private static async Task<List<Guid>> IdsAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        List<Guid> ids = [];
        await using var command = connection.Command(LockAdministrators);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            ids.Add(reader.GetGuid(0));
        return ids;
    }
}
