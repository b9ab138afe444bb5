using Npgsql;
using NpgsqlTypes;
using Overnight.Api.Sessions;
using Overnight.Core.Actions;
using Overnight.Core.Sessions;

namespace Overnight.Api.Pages.SignIn;

/// <summary>
/// Makes sessions of the demo accounts without a password, in Development on this machine only; its route is not there elsewhere.
/// </summary>
internal sealed class DemoSignIn(NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>As the demo sessions that jobs makes.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    private const string Insert = """
        insert into sessions (token_hash, user_id, created_at, expires_at, last_active_at, address, user_agent)
        select $1, id, $2, $3, $2, $5, $6 from users where email = $4 and deleted_at is null and banned_at is null
        returning user_id
        """;

    /// <returns>Null where the account is not there, as without demo data, or is banned.</returns>
    /// <exception cref="NpgsqlException">PostgreSQL could not answer.</exception>
    public async Task<NewSession?> TryAsync(string email, SessionOrigin origin, CancellationToken ct)
    {
        var token = SessionToken.Create();
        _ = SessionToken.TryHash(token, out var hash);
        var now = time.GetUtcNow();
        var expires = DateTimeOffset.FromUnixTimeMilliseconds((now + Lifetime).ToUnixTimeMilliseconds());
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using NpgsqlCommand command = new(Insert, connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = hash! });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = now.UtcDateTime, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = expires.UtcDateTime, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = email });
        command.Parameters.Add(Text(origin.Address));
        command.Parameters.Add(Text(origin.UserAgent));
        if (await command.ExecuteScalarAsync(ct) is not Guid id)
            return null;
        var user = Actor.Of(id, isAdmin: email == DemoEmails.Admin);
        await ActionLog.WriteAsync(
            connection,
            new(user, LoggedAction.SignIn, "signed_in") { Subject = id, Target = SessionTelemetry.Masked(hash!) },
            now,
            ct
        );
        await transaction.CommitAsync(ct);
        return new(hash!, token, user, expires);
    }

    private static NpgsqlParameter Text(string? text) => new() { Value = (object?)text ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text };
}
