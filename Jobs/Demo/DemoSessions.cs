using Npgsql;
using Overnight.Core.Actions;
using Overnight.Core.Data;
using Overnight.Core.Sessions;

namespace Overnight.Jobs.Demo;

/// <summary>Sessions of the two demo accounts, in Development only. Tokens are stored nowhere.</summary>
internal sealed class DemoSessions(NpgsqlDataSource database, TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    /// <summary>
    /// Ends the demo sessions of earlier starts and makes one for each token. Every replica may do it: a session that exists is kept.
    /// </summary>
    /// <param name="userToken">Token for the demo user.</param>
    /// <param name="adminToken">Token for the demo admin.</param>
    public async Task RefreshAsync(string userToken, string adminToken, CancellationToken ct)
    {
        var hashes = (string[])[Hash(userToken), Hash(adminToken)];
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using (
            NpgsqlCommand remove = new(
                "delete from sessions where user_id in (select id from users where email = any ($1)) and token_hash <> all ($2)",
                connection
            )
        )
        {
            remove.Parameters.Add(new() { Value = (string[])[DemoAccounts.User, DemoAccounts.Admin] });
            remove.Parameters.Add(new() { Value = hashes });
            await remove.ExecuteNonQueryAsync(ct);
        }
        await AddAsync(connection, DemoAccounts.User, hashes[0], ct);
        await AddAsync(connection, DemoAccounts.Admin, hashes[1], ct);
        await transaction.CommitAsync(ct);
    }

    /// <returns>The token of a new session; null when the account is not there, deleted or banned.</returns>
    public async Task<string?> CreateAsync(string email, CancellationToken ct)
    {
        var token = SessionToken.Create();
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await AddAsync(connection, email, Hash(token), ct) is not { } user)
            return null;
        await ActionLog.WriteAsync(
            connection,
            new(Actor.Command, LoggedAction.SignIn, "signed_in") { Subject = user, Target = SessionTelemetry.Masked(Hash(token)) },
            time.GetUtcNow(),
            ct
        );
        await transaction.CommitAsync(ct);
        return token;
    }

    private async Task<Guid?> AddAsync(NpgsqlConnection connection, string email, string hash, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        await using var add = connection.Command(
            """
            insert into sessions (token_hash, user_id, created_at, expires_at, last_active_at)
            select $1, id, $3, $4, $3 from users where email = $2 and deleted_at is null and banned_at is null
            on conflict do nothing returning user_id
            """,
            hash,
            email,
            now,
            now + Lifetime
        );
        return (Guid?)await add.ExecuteScalarAsync(ct);
    }

    private static string Hash(string token) =>
        SessionToken.TryHash(token, out var hash)
            ? hash
            : throw new FormatException("A demo token must be 43 characters of base64url, as the AppHost makes them.");
}
