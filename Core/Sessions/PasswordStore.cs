using Npgsql;
using Overnight.Core.Actions;
using Overnight.Core.Data;

namespace Overnight.Core.Sessions;

/// <summary>
/// Stores hashes of passwords. A new password ends the user's sessions, and both are in the action log, in one transaction.
/// </summary>
public sealed class PasswordStore(NpgsqlDataSource database, SessionRevocation revocation, TimeProvider time)
{
    private const string Set = """
        insert into user_passwords (user_id, password_hash, changed_at)
        select id, $2, $3 from users where email = $1 and deleted_at is null
        on conflict (user_id) do update set password_hash = excluded.password_hash, changed_at = excluded.changed_at
        returning user_id
        """;

    // Only over the hash that the old password was compared with, so that of two changes at once one is refused.
    private const string Change =
        "update user_passwords set password_hash = $3, changed_at = $4 where user_id = $1 and password_hash = $2 returning user_id";

    private const string Find =
        "select u.email, p.password_hash from users u left join user_passwords p on p.user_id = u.id where u.id = $1";

    /// <summary>Sets the password of an account, and ends all of its sessions.</summary>
    /// <param name="email">The address as <see cref="EmailAddress.TryNormalise"/> gives it.</param>
    /// <param name="hash">Hash of the new password.</param>
    /// <param name="by">Who sets it.</param>
    /// <returns>Null when there is no such account.</returns>
    public Task<EndedSessions?> SetAsync(string email, string hash, Actor by) =>
        StoreAsync(connection => connection.Command(Set, email, hash, time.GetUtcNow()), by, null);

    /// <summary>Changes a user's own password, and ends all other sessions of the user.</summary>
    /// <param name="user">The user.</param>
    /// <param name="stored">The stored hash that the old password was compared with.</param>
    /// <param name="hash">Hash of the new password.</param>
    /// <param name="current">Hash of the token of the session that stays.</param>
    /// <param name="by">Who changes it.</param>
    /// <returns>Null when another hash is stored by now.</returns>
    public Task<EndedSessions?> ChangeAsync(Guid user, string stored, string hash, string current, Actor by) =>
        StoreAsync(connection => connection.Command(Change, user, stored, hash, time.GetUtcNow()), by, current);

    /// <returns>The user's e-mail address and stored hash; the hash is null when the user has no password.</returns>
    public async Task<(string Email, string? Hash)> FindAsync(Guid user, CancellationToken ct) =>
        await TryFindAsync(user, ct) ?? throw new InvalidOperationException("A valid session belongs to a user that is not there.");

    /// <returns>Null for a user that was erased since the request's session was found; otherwise as <see cref="FindAsync"/>.</returns>
    public Task<(string Email, string? Hash)?> TryFindAsync(Guid user, CancellationToken ct) =>
        DatabaseRetry.ReadAsync(async () =>
        {
            await using var command = database.Command(Find, user);
            await using var reader = await command.ExecuteReaderAsync(ct);
            return await reader.ReadAsync(ct)
                ? ((string, string?)?)(reader.GetString(0), await reader.IsDBNullAsync(1, ct) ? null : reader.GetString(1))
                : null;
        });

    private async Task<EndedSessions?> StoreAsync(Func<NpgsqlConnection, NpgsqlCommand> store, Actor by, string? except)
    {
        var done = await DatabaseRetry.WriteAsync(async () =>
        {
            await using var connection = await database.OpenConnectionAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            Guid user;
            await using (var command = store(connection))
            {
                if (await command.ExecuteScalarAsync() is not Guid found)
                    return ((Guid, int, List<string>)?)null;
                user = found;
            }
            var (ended, hashes) = await revocation.EndAsync(connection, user, except);
            await ActionLog.WriteAsync(
                connection,
                new(by, LoggedAction.PasswordSet, "set") { Subject = user, Detail = new { Sessions = ended } },
                time.GetUtcNow(),
                CancellationToken.None
            );
            await transaction.CommitAsync();
            return (user, ended, hashes);
        });
        return done is var (userId, count, marked) ? await revocation.AnnounceAsync(userId, SessionEnd.PasswordSet, count, marked) : null;
    }
}
