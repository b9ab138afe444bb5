using Microsoft.Extensions.Configuration;
using Npgsql;
using Overnight.Core.Sessions;

namespace Overnight.Jobs.Demo;

/// <summary>Sessions for the demo user and the admin, made anew at every start in Development. Their tokens are in this object and nowhere else.</summary>
internal sealed class DemoSessions(NpgsqlDataSource dataSource, IConfiguration configuration, TimeProvider time)
{
    private const string AddressKey = "services:api:http:0",
        DefaultAddress = "http://127.0.0.1:5080";
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    /// <summary>Replicas start together, and each prints its own line: sessions made a moment ago are theirs and stay.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromMinutes(10);

    /// <summary>Null until <see cref="RefreshAsync"/> found the demo user.</summary>
    public string? UserToken { get; private set; }

    /// <summary>Likewise, of the admin.</summary>
    public string? AdminToken { get; private set; }

    /// <summary>Removes the demo sessions of earlier starts and makes new ones for the accounts that are there.</summary>
    public async Task RefreshAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using (
            NpgsqlCommand remove = new(
                "delete from sessions where user_id in (select id from users where email in ($1, $2)) and created_at < $3",
                connection
            )
        )
        {
            foreach (object value in (object[])[DemoAccounts.User, DemoAccounts.Admin, now - Moment])
                remove.Parameters.Add(new() { Value = value });
            await remove.ExecuteNonQueryAsync(ct);
        }
        var user = await AddAsync(connection, DemoAccounts.User, now, ct);
        var admin = await AddAsync(connection, DemoAccounts.Admin, now, ct);
        await transaction.CommitAsync(ct);
        (UserToken, AdminToken) = (user, admin);
    }

    /// <summary>
    /// The line that shows the dashboard to whoever started the app; null when there is no demo session. It goes to the console and is
    /// never logged: it is the one place where a token may be seen.
    /// </summary>
    public string? CurlLine()
    {
        if (UserToken is null)
            return null;
        var address = configuration[AddressKey];
        if (string.IsNullOrWhiteSpace(address))
            address = DefaultAddress;
        return $"curl -H \"Authorization: Bearer {UserToken}\" {address.TrimEnd('/')}/api/dashboard";
    }

    private static async Task<string?> AddAsync(NpgsqlConnection connection, string email, DateTimeOffset now, CancellationToken ct)
    {
        var token = SessionToken.Create();
        _ = SessionToken.TryHash(token, out var hash);
        await using NpgsqlCommand add = new(
            """
            insert into sessions (token_hash, user_id, created_at, expires_at, last_active_at)
            select $1, id, $3, $4, $3 from users where email = $2 and deleted_at is null and banned_at is null
            """,
            connection
        );
        foreach (object value in (object[])[hash!, email, now, now + Lifetime])
            add.Parameters.Add(new() { Value = value });
        return await add.ExecuteNonQueryAsync(ct) == 1 ? token : null;
    }
}
