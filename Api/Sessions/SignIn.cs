using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Data;
using Overnight.Core.Sessions;

namespace Overnight.Api.Sessions;

/// <summary>A new session with its token, of which only the hash is stored.</summary>
internal sealed record NewSession(string Hash, string Token, Guid UserId, DateTimeOffset ExpiresAt);

/// <summary>
/// Makes a session for an e-mail address and its password. An unknown address, an account without a password, a banned account and
/// a wrong password take the same work and get the same answer, so that they can't be told apart.
/// </summary>
internal sealed class SignIn(
    NpgsqlDataSource database,
    IPasswordHasher<string> hasher,
    IOptions<UserSessionOptions> options,
    TimeProvider time
)
{
    private const string Find = """
        select u.id, p.password_hash from users u join user_passwords p on p.user_id = u.id
        where u.email = $1 and u.deleted_at is null and u.banned_at is null
        """;

    // The rows are locked, so that a ban or a new password at the same time either ends the session or prevents it.
    private const string Insert = """
        insert into sessions (token_hash, user_id, created_at, expires_at, last_active_at)
        select $1, u.id, $2, $3, $2 from users u join user_passwords p on p.user_id = u.id
        where u.id = $4 and p.password_hash = $5 and u.deleted_at is null and u.banned_at is null for share
        """;

    private const string Rehash = "update user_passwords set password_hash = $3 where user_id = $1 and password_hash = $2";

    // Verified when the account is unknown, so that this takes as long: the hash of a random password, with the usual iterations.
    private readonly string _nobodys = hasher.HashPassword("", SessionToken.Create());

    /// <param name="email">The address in the form that <see cref="EmailAddress.TryNormalise"/> gives it.</param>
    /// <returns>Null when there is no such account, or not with this password.</returns>
    /// <exception cref="NpgsqlException">PostgreSQL could not answer.</exception>
    public async Task<NewSession?> TryAsync(string email, string password, CancellationToken ct)
    {
        var (userId, stored) = await DatabaseRetry.ReadAsync(() => FindAsync(email, ct));
        var verdict = hasher.VerifyHashedPassword(email, stored ?? _nobodys, password);
        if (stored is null || verdict == PasswordVerificationResult.Failed)
            return null;

        var session = await DatabaseRetry.WriteAsync(() => InsertAsync(userId, stored, ct));
        if (session is not null && verdict == PasswordVerificationResult.SuccessRehashNeeded)
            await RehashAsync(userId, stored, hasher.HashPassword(email, password), ct);
        return session;
    }

    private async Task<(Guid UserId, string? Stored)> FindAsync(string email, CancellationToken ct)
    {
        await using var command = database.CreateCommand(Find);
        command.CommandTimeout = DatabaseConnection.ReadTimeout;
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = email });
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? (reader.GetGuid(0), reader.GetString(1)) : default;
    }

    private async Task<NewSession?> InsertAsync(Guid userId, string stored, CancellationToken ct)
    {
        var token = SessionToken.Create();
        _ = SessionToken.TryHash(token, out var hash);
        var now = time.GetUtcNow();
        // Cut to milliseconds, the unit of the cache's entry.
        var expires = DateTimeOffset.FromUnixTimeMilliseconds((now + options.Value.Lifetime).ToUnixTimeMilliseconds());
        await using var command = database.CreateCommand(Insert);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = hash! });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = now.UtcDateTime, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = expires.UtcDateTime, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = userId });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = stored });
        return await command.ExecuteNonQueryAsync(ct) == 1 ? new(hash!, token, userId, expires) : null;
    }

    private async Task RehashAsync(Guid userId, string stored, string hash, CancellationToken ct)
    {
        await using var command = database.CreateCommand(Rehash);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = userId });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = stored });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = hash });
        await command.ExecuteNonQueryAsync(ct);
    }
}
