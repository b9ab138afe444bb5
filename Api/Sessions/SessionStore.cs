using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Caching;

namespace Overnight.Api.Sessions;

/// <summary>Why a request is not signed in.</summary>
internal enum SessionRefusal
{
    None,
    Missing,
    Malformed,
    Unknown,
    Expired,
    Revoked,

    /// <summary>The user was deleted or banned.</summary>
    AccountClosed,
}

/// <summary>A session, or why there is none.</summary>
internal readonly record struct SessionLookup(ActiveSession? Session, SessionRefusal Refusal)
{
    public static SessionLookup Refused(SessionRefusal refusal) => new(null, refusal);
}

/// <summary>Sessions by the hash of their token: from the cache, else from PostgreSQL, and then cached (SPEC E1).</summary>
internal sealed class SessionStore(NpgsqlDataSource database, CacheStore cache, CacheTelemetry telemetry, TimeProvider time)
{
    private static readonly string Query = $"""
        select s.user_id, u.role = 'admin', u.tenant_id, s.expires_at, s.revoked_at is not null, u.deleted_at is not null or u.banned_at is not null,
            coalesce((select string_agg(market, ',') from (select market from user_markets where user_id = u.id order by market limit {CachedSession.MostMarkets}) m), '')
        from sessions s join users u on u.id = s.user_id
        where s.token_hash = $1
        """;

    private const string Revocation = "update sessions set revoked_at = $2 where token_hash = $1 and revoked_at is null";

    // Nothing is shared once it is loaded: what comes after reads the cache, or the truth.
    private readonly SingleFlight<string, SessionLookup> _loads = new(TimeSpan.Zero, time);

    /// <exception cref="NpgsqlException">Neither the cache nor PostgreSQL could answer.</exception>
    public async Task<SessionLookup> FindAsync(string hash, CancellationToken ct)
    {
        var (outcome, value) = await cache.GetAsync(CacheKeys.Session(hash));
        var session = value is null ? null : CachedSession.Read(value, hash);
        if (value is not null && session is null) outcome = CacheOutcome.Damaged;
        telemetry.Read(CacheSet.Sessions, outcome);
        if (session is null) return await _loads.RunAsync(hash, this, static (hash, store) => store.LoadAsync(hash), ct);
        return session.ExpiresAt > time.GetUtcNow() ? new(session, SessionRefusal.None) : SessionLookup.Refused(SessionRefusal.Expired);
    }

    /// <summary>Ends a session: in PostgreSQL, then in the cache. With the cache away it lives there for <see cref="CacheKeys.SessionTtl"/> at most.</summary>
    public async Task RevokeAsync(string hash, CancellationToken ct)
    {
        await using (var command = database.CreateCommand(Revocation))
        {
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = hash });
            command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = time.GetUtcNow().UtcDateTime, NpgsqlDbType = NpgsqlDbType.TimestampTz });
            await command.ExecuteNonQueryAsync(ct);
        }
        await cache.RemoveAsync(CacheKeys.Session(hash));
    }

    private async Task<SessionLookup> LoadAsync(string hash)
    {
        var lookup = await ReadAsync(hash);
        if (lookup.Session is { } session)
        {
            var left = session.ExpiresAt - time.GetUtcNow();
            await cache.SetAsync(new CacheWrite(CacheKeys.Session(hash), CachedSession.Write(session, hash), left < CacheKeys.SessionTtl ? left : CacheKeys.SessionTtl));
        }
        return lookup;
    }

    private async Task<SessionLookup> ReadAsync(string hash)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using NpgsqlCommand command = new(Query, connection) { CommandTimeout = CurrentResults.ReadTimeout };
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = hash, NpgsqlDbType = NpgsqlDbType.Text });
        await command.PrepareAsync();
        await using var reader = await command.ExecuteReaderAsync();
        if (!await reader.ReadAsync()) return SessionLookup.Refused(SessionRefusal.Unknown);
        if (reader.GetBoolean(5)) return SessionLookup.Refused(SessionRefusal.AccountClosed);
        if (reader.GetBoolean(4)) return SessionLookup.Refused(SessionRefusal.Revoked);

        // To the millisecond, as the cache keeps it and as SET .. PX takes it.
        var expires = DateTimeOffset.FromUnixTimeMilliseconds(reader.GetFieldValue<DateTimeOffset>(3).ToUnixTimeMilliseconds());
        if (expires <= time.GetUtcNow().AddMilliseconds(1)) return SessionLookup.Refused(SessionRefusal.Expired);
        return new(new(reader.GetGuid(0), reader.GetBoolean(1), reader.IsDBNull(2) ? null : reader.GetGuid(2), expires, reader.GetString(6)), SessionRefusal.None);
    }
}
