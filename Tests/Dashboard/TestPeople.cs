using Npgsql;
using Overnight.Core.Sessions;

namespace Overnight.Tests.Dashboard;

/// <summary>Users and sessions, as rows.</summary>
internal static class TestPeople
{
    public static async Task<Guid> AddUserAsync(this NpgsqlDataSource database, string role = "user")
    {
        var id = Guid.CreateVersion7();
        await database.ExecuteAsync(
            "insert into users (id, email, display_name, role, base_currency) values ($1, $2, 'Test user', $3, 'USD')",
            id,
            $"{id:N}@test.example",
            role
        );
        return id;
    }

    /// <returns>The token.</returns>
    public static async Task<string> AddSessionAsync(
        this NpgsqlDataSource database,
        Guid userId,
        DateTimeOffset? expires = null,
        DateTimeOffset? revoked = null
    )
    {
        var token = SessionToken.Create();
        var end = (expires ?? TimeProvider.System.GetUtcNow().AddHours(1)).UtcDateTime;
        await database.ExecuteAsync(
            "insert into sessions (token_hash, user_id, created_at, expires_at, revoked_at) values ($1, $2, $3, $4, $5)",
            Hash(token),
            userId,
            end.AddDays(-1),
            end,
            (object?)revoked?.UtcDateTime ?? DBNull.Value
        );
        return token;
    }

    public static async Task<(Guid UserId, string Token)> SignInAsync(this NpgsqlDataSource database, string role = "user")
    {
        var userId = await database.AddUserAsync(role);
        return (userId, await database.AddSessionAsync(userId));
    }

    public static string Hash(string token) =>
        SessionToken.TryHash(token, out var hash) ? hash : throw new ArgumentException("Not a token.", nameof(token));

    public static async Task ExecuteAsync(this NpgsqlDataSource database, string sql, params object[] values)
    {
        await using var command = database.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        await command.ExecuteNonQueryAsync();
    }
}
