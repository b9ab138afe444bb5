using Npgsql;
using NpgsqlTypes;
using Overnight.Api.Sessions;
using Overnight.Core.Sessions;

namespace Overnight.Api.Pages.SignIn;

/// <summary>Makes sessions of the demo accounts without a password, in Development on this machine only; its route is not there elsewhere.</summary>
internal sealed class DemoSignIn(NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>As the demo sessions that jobs makes.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    private const string Insert = """
        insert into sessions (token_hash, user_id, created_at, expires_at, last_active_at)
        select $1, id, $2, $3, $2 from users where email = $4 and deleted_at is null and banned_at is null
        returning user_id
        """;

    /// <returns>Null where the account is not there, as without demo data, or is banned.</returns>
    /// <exception cref="NpgsqlException">PostgreSQL could not answer.</exception>
    public async Task<NewSession?> TryAsync(string email, CancellationToken ct)
    {
        var token = SessionToken.Create();
        _ = SessionToken.TryHash(token, out var hash);
        var now = time.GetUtcNow();
        var expires = DateTimeOffset.FromUnixTimeMilliseconds((now + Lifetime).ToUnixTimeMilliseconds());
        await using var command = database.CreateCommand(Insert);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = hash! });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = now.UtcDateTime, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = expires.UtcDateTime, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = email });
        return await command.ExecuteScalarAsync(ct) is Guid user ? new(hash!, token, user, expires) : null;
    }
}
