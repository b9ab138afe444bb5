using System.Runtime.CompilerServices;
using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Caching;
using Overnight.Core.Sessions;

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

/// <summary>What the cache knows of a session.</summary>
/// <param name="Lookup">Null on a miss.</param>
/// <param name="Damaged">What was in its place and is no session; it may be replaced.</param>
internal readonly record struct CachedLookup(SessionLookup? Lookup, byte[]? Damaged = null);

/// <summary>Sessions by the hash of their token: from the cache, else from PostgreSQL, and then cached (SPEC E1).</summary>
internal sealed class SessionStore(NpgsqlDataSource database, CacheStore cache, CacheTelemetry telemetry, TimeProvider time)
{
    private const string Query =
        $"select {StoredSessions.Columns}, s.revoked_at is not null, {StoredSessions.Closed} {StoredSessions.From} where s.token_hash = $1";

    // Nothing is shared once it is loaded: what comes after reads the cache, or the truth.
    private readonly SingleFlight<string, SessionLookup> _loads = new(TimeSpan.Zero, time);

    /// <summary>Asks the cache, and nothing else.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<CachedLookup> ReadAsync(string hash)
    {
        var (outcome, value) = await cache.GetAsync(CacheKeys.Session(hash));
        if (value is not null && CachedSession.IsRevoked(value))
        {
            telemetry.Read(CacheSet.Sessions, outcome);
            return new(SessionLookup.Refused(SessionRefusal.Revoked));
        }
        var session = value is null ? null : CachedSession.Read(value, hash);
        if (value is not null && session is null)
            outcome = CacheOutcome.Damaged;
        telemetry.Read(CacheSet.Sessions, outcome);
        if (session is null)
            return new(null, value);
        return new(
            session.ExpiresAt > time.GetUtcNow() ? new(session, SessionRefusal.None) : SessionLookup.Refused(SessionRefusal.Expired)
        );
    }

    /// <summary>Asks the cache, and after a miss PostgreSQL, in one query with whoever misses it too.</summary>
    /// <param name="hash">Lowercase hex SHA-256 of the token.</param>
    /// <param name="begun">What <see cref="ReadAsync"/> gave for it, if it was asked.</param>
    /// <param name="ct">Ends this caller's wait.</param>
    /// <exception cref="NpgsqlException">Neither the cache nor PostgreSQL could answer.</exception>
    public async Task<SessionLookup> FindAsync(string hash, CachedLookup? begun, CancellationToken ct)
    {
        var cached = begun ?? await ReadAsync(hash);
        return cached.Lookup
            ?? await _loads.RunAsync(
                hash,
                (Store: this, cached.Damaged),
                static (hash, load) => load.Store.LoadAsync(hash, load.Damaged),
                ct
            );
    }

    /// <param name="hash">Lowercase hex SHA-256 of the token.</param>
    /// <param name="damaged">What was in the cache and is no session; it may be replaced.</param>
    private async Task<SessionLookup> LoadAsync(string hash, byte[]? damaged)
    {
        var readAt = time.GetUtcNow();
        var lookup = await QueryAsync(hash);
        if (lookup.Session is { } session && CachedSession.Entry(session, hash, readAt, time.GetUtcNow()) is { } entry)
            await cache.AddAsync(entry, damaged);
        return lookup;
    }

    private async Task<SessionLookup> QueryAsync(string hash)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using NpgsqlCommand command = new(Query, connection) { CommandTimeout = CurrentResults.ReadTimeout };
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = hash, NpgsqlDbType = NpgsqlDbType.Text });
        await command.PrepareAsync();
        await using var reader = await command.ExecuteReaderAsync();
        if (!await reader.ReadAsync())
            return SessionLookup.Refused(SessionRefusal.Unknown);
        if (reader.GetBoolean(StoredSessions.ColumnCount + 1))
            return SessionLookup.Refused(SessionRefusal.AccountClosed);
        if (reader.GetBoolean(StoredSessions.ColumnCount))
            return SessionLookup.Refused(SessionRefusal.Revoked);

        var (_, session) = StoredSessions.Read(reader);
        return session.ExpiresAt <= time.GetUtcNow().AddMilliseconds(1)
            ? SessionLookup.Refused(SessionRefusal.Expired)
            : new(session, SessionRefusal.None);
    }
}
