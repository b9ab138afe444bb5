using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Actions;
using Overnight.Core.Data;
using Overnight.Core.Sessions;

namespace Overnight.Api.Sessions;

/// <summary>A new session with its token, of which only the hash is stored.</summary>
internal sealed record NewSession(string Hash, string Token, Actor User, DateTimeOffset ExpiresAt)
{
    public Guid UserId => User.UserId!.Value;
}

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
        select u.id, p.password_hash, u.role = 'admin' from users u join user_passwords p on p.user_id = u.id
        where u.email = $1 and u.deleted_at is null and u.banned_at is null
        """;

    // The rows are locked, so that a ban or a new password at the same time either ends the session or prevents it.
    private const string Insert = """
        insert into sessions (token_hash, user_id, created_at, expires_at, last_active_at, address, user_agent)
        select $1, u.id, $2, $3, $2, $6, $7 from users u join user_passwords p on p.user_id = u.id
        where u.id = $4 and p.password_hash = $5 and u.deleted_at is null and u.banned_at is null for share
        """;

    private const string Rehash = "update user_passwords set password_hash = $3 where user_id = $1 and password_hash = $2";

    // Verified when the account is unknown, so that this takes as long: the hash of a random password, with the usual iterations.
    private readonly string _nobodys = hasher.HashPassword("", SessionToken.Create());

    /// <summary>Both outcomes are in the action log: a session in the transaction that makes it, a refusal before it is answered.</summary>
    /// <param name="email">The address in the form that <see cref="EmailAddress.TryNormalise"/> gives it.</param>
    /// <param name="password">The password.</param>
    /// <param name="origin">Where the client is, which is stored with the session.</param>
    /// <param name="network">The client's network, which is stored with a refusal.</param>
    /// <param name="ct">Ends the call.</param>
    /// <returns>Null when there is no such account, or not with this password.</returns>
    /// <exception cref="NpgsqlException">PostgreSQL could not answer.</exception>
    public async Task<NewSession?> TryAsync(string email, string password, SessionOrigin origin, string network, CancellationToken ct)
    {
        var (user, stored) = await DatabaseRetry.ReadAsync(() => FindAsync(email, ct));
        var verdict = hasher.VerifyHashedPassword(email, stored ?? _nobodys, password);
        if (stored is null || verdict == PasswordVerificationResult.Failed)
        {
            await LogRefusalAsync(database, "wrong", user.UserId, network, time.GetUtcNow(), ct);
            return null;
        }

        var session = await DatabaseRetry.WriteAsync(() => InsertAsync(user, stored, origin, ct));
        if (session is null)
            await LogRefusalAsync(database, "wrong", user.UserId, network, time.GetUtcNow(), ct);
        else if (verdict == PasswordVerificationResult.SuccessRehashNeeded)
            await RehashAsync(session.UserId, stored, hasher.HashPassword(email, password), ct);
        return session;
    }

    /// <param name="user">The account, where it is known; an entry has no e-mail address.</param>
    public static Task LogRefusalAsync(
        NpgsqlDataSource database,
        string outcome,
        Guid? user,
        string network,
        DateTimeOffset at,
        CancellationToken ct
    ) =>
        ActionLog.WriteAsync(
            database,
            new(Actor.Nobody, LoggedAction.SignInRefused, outcome) { Subject = user, Detail = new { Network = network } },
            at,
            ct
        );

    private async Task<(Actor User, string? Stored)> FindAsync(string email, CancellationToken ct)
    {
        await using var command = database.CreateCommand(Find);
        command.CommandTimeout = DatabaseConnection.ReadTimeout;
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = email });
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? (Actor.Of(reader.GetGuid(0), reader.GetBoolean(2)), reader.GetString(1)) : default;
    }

    private async Task<NewSession?> InsertAsync(Actor user, string stored, SessionOrigin origin, CancellationToken ct)
    {
        var token = SessionToken.Create();
        _ = SessionToken.TryHash(token, out var hash);
        var now = time.GetUtcNow();
        // Cut to milliseconds, the unit of the cache's entry.
        var expires = DateTimeOffset.FromUnixTimeMilliseconds((now + options.Value.Lifetime).ToUnixTimeMilliseconds());
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using NpgsqlCommand command = new(Insert, connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = hash! });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = now.UtcDateTime, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = expires.UtcDateTime, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = user.UserId!.Value });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = stored });
        command.Parameters.Add(Text(origin.Address));
        command.Parameters.Add(Text(origin.UserAgent));
        if (await command.ExecuteNonQueryAsync(ct) == 0)
            return null;
        await ActionLog.WriteAsync(
            connection,
            new(user, LoggedAction.SignIn, "signed_in") { Subject = user.UserId, Target = SessionTelemetry.Masked(hash!) },
            now,
            ct
        );
        await transaction.CommitAsync(ct);
        return new(hash!, token, user, expires);
    }

    private static NpgsqlParameter Text(string? text) => new() { Value = (object?)text ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text };

    private async Task RehashAsync(Guid userId, string stored, string hash, CancellationToken ct)
    {
        await using var command = database.CreateCommand(Rehash);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = userId });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = stored });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = hash });
        await command.ExecuteNonQueryAsync(ct);
    }
}
