using Npgsql;

namespace Overnight.Core.Sessions;

/// <summary>Reads a session from PostgreSQL, in the same way for reading and for warming.</summary>
internal static class SessionSql
{
    public const int ColumnCount = 6;

    public const string From = "from sessions s join users u on u.id = s.user_id";

    /// <summary>Whether the user was deleted or banned.</summary>
    public const string Closed = "(u.deleted_at is not null or u.banned_at is not null)";

    /// <summary>
    /// When a session ends: when it expires, or earlier when it is not used. It is capped, because PostgreSQL has later years than .NET.
    /// </summary>
    /// <param name="unused">The parameter with <see cref="UserSessionOptions.UnusedLimit"/>.</param>
    public static string EndsAt(string unused) =>
        $"least(s.expires_at, s.last_active_at + {unused}::interval, timestamptz '9999-12-31 00:00Z')";

    /// <summary>The first columns of a query; <see cref="Read"/> takes them by position.</summary>
    /// <inheritdoc cref="EndsAt"/>
    public static string Columns(string unused) =>
        $"""
            s.token_hash, s.user_id, u.role = 'admin', u.tenant_id, {EndsAt(unused)},
                coalesce((select string_agg(market, ',') from (select market from user_markets where user_id = u.id order by market limit 15) m), '')
            """;

    public static (string Hash, ActiveSession Session) Read(NpgsqlDataReader reader)
    {
        // Cut to milliseconds, the unit of the cached value and of SET .. PX.
        var expires = DateTimeOffset.FromUnixTimeMilliseconds(reader.GetFieldValue<DateTimeOffset>(4).ToUnixTimeMilliseconds());
        return (
            reader.GetString(0),
            new(reader.GetGuid(1), reader.GetBoolean(2), reader.IsDBNull(3) ? null : reader.GetGuid(3), expires, reader.GetString(5))
        );
    }
}
