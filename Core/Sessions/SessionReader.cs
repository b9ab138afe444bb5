using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Caching;
using Overnight.Core.Data;

namespace Overnight.Core.Sessions;

/// <summary>Finds sessions by the hash of their token, lowercase hex SHA-256.</summary>
public sealed class SessionReader : IChangeHandler
{
    private static readonly string Prefix = CacheKeys.Session("");

    private readonly BoundedMemory<string, SessionLookup> _memory;
    private readonly CacheAside<string, SessionLookup> _entries;
    private readonly SessionSigningKeys _keys;
    private readonly TimeProvider _time;

    public SessionReader(
        NpgsqlDataSource database,
        SessionSigningKeys keys,
        CacheStore store,
        CacheTelemetry telemetry,
        IOptions<UserSessionOptions> options,
        IOptions<CacheOptions> cache,
        TimeProvider time
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(cache);
        (_keys, _time) = (keys, time);
        _memory = new(cache.Value.EntryMemoryBytes, time);
        // A loaded session is not shared with later misses, which must read the cache or PostgreSQL to see a revocation.
        _entries = new(new Kind(database, keys, store, options.Value, time), _memory, store, telemetry, TimeSpan.Zero, time);
    }

    public IMemory Memory => _memory;

    /// <summary>The session in this node's memory, without a wait.</summary>
    public ActiveSession? Recall(string hash) =>
        _entries.TryGetMemory(hash, out var lookup) && lookup?.Session is { } session && session.ExpiresAt > _time.GetUtcNow()
            ? session
            : null;

    /// <summary>Reads memory and the cache only.</summary>
    /// <returns>Null on a miss.</returns>
    public ValueTask<SessionLookup?> ReadAsync(string hash) => _entries.ReadAsync(hash);

    /// <summary>Reads memory and the cache, and after a miss PostgreSQL, in one query for all concurrent misses.</summary>
    /// <param name="hash">Hash of the token.</param>
    /// <param name="isMissed">Whether <see cref="ReadAsync"/> has missed already, so that memory and cache are not read again.</param>
    /// <param name="ct">Ends this caller's wait.</param>
    /// <exception cref="NpgsqlException">Neither the cache nor PostgreSQL answers.</exception>
    public async ValueTask<SessionLookup> FindAsync(string hash, bool isMissed, CancellationToken ct)
    {
        // Without the signing key no entry of the cache can be verified; it is read from PostgreSQL once.
        if (_keys.Current is null)
            await _keys.GetAsync(ct);
        var answer = isMissed ? await _entries.LoadAsync(hash, ct) : await _entries.GetAsync(hash, ct);
        var lookup = answer.Value!;
        return lookup.Session is { } session && session.ExpiresAt <= _time.GetUtcNow()
            ? new(null, SessionRefusal.Expired, lookup.ReadAt)
            : lookup;
    }

    public void Forget(IReadOnlyList<string> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        foreach (var key in keys)
        {
            if (key.StartsWith(Prefix, StringComparison.Ordinal))
                _entries.Forget(key[Prefix.Length..]);
        }
    }

    public void Trim() => _entries.Trim();

    private sealed class Kind(
        NpgsqlDataSource database,
        SessionSigningKeys keys,
        CacheStore store,
        UserSessionOptions options,
        TimeProvider time
    ) : CacheAsideSource<string, SessionLookup>(CacheSet.Sessions)
    {
        private static readonly string Query =
            $"select {SessionSql.Columns("$2")}, s.revoked_at is not null, {SessionSql.Closed} {SessionSql.From} where s.token_hash = $1";

        /// <summary>Estimated bytes of a session in memory.</summary>
        private const int Size = 250;

        public override string KeyOf(string key) => CacheKeys.Session(key);

        public override int SizeOf(SessionLookup value) => Size;

        /// <summary>
        /// The configured TTL, or the remaining TTL of the cache entry or of the session if one of those is shorter: a session that was
        /// used meanwhile has a later end in PostgreSQL. Refusals are not kept.
        /// </summary>
        public override TimeSpan MemoryTtl(string key, SessionLookup value)
        {
            if (value.Session is not { } session)
                return TimeSpan.Zero;
            var until = value.ReadAt + CacheKeys.SessionTtl;
            var left = (session.ExpiresAt < until ? session.ExpiresAt : until) - time.GetUtcNow();
            return left < options.MemoryTtl ? left : options.MemoryTtl;
        }

        public override Look<SessionLookup> Read(string key, byte[] bytes)
        {
            if (CacheEntry.IsInvalidation(bytes))
                return new(null, CacheOutcome.Miss);
            var name = KeyOf(key);
            return CacheEntry.Read(bytes, name) is { } entry && keys.Current?.Read(entry, name, time.GetUtcNow()) is { } session
                ? new(new(session, SessionRefusal.None, entry.AsOf), CacheOutcome.Hit)
                : new(null, CacheOutcome.Damaged);
        }

        public override async Task<SessionLookup?> LoadAsync(string key)
        {
            var readAt = time.GetUtcNow();
            await keys.GetAsync(CancellationToken.None);
            await using var connection = await database.OpenConnectionAsync();
            await using NpgsqlCommand command = new(Query, connection) { CommandTimeout = DatabaseConnection.ReadTimeout };
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key, NpgsqlDbType = NpgsqlDbType.Text });
            command.Parameters.Add(
                new NpgsqlParameter<TimeSpan> { TypedValue = options.UnusedLimit, NpgsqlDbType = NpgsqlDbType.Interval }
            );
            await command.PrepareAsync(DatabaseConnection.ReadTimeout);
            await using var reader = await command.ExecuteReaderAsync();
            if (!await reader.ReadAsync())
                return Refused(SessionRefusal.Unknown);
            if (reader.GetBoolean(SessionSql.ColumnCount + 1))
                return Refused(SessionRefusal.AccountClosed);
            if (reader.GetBoolean(SessionSql.ColumnCount))
                return Refused(SessionRefusal.Revoked);
            var (_, session) = SessionSql.Read(reader);
            return session.ExpiresAt <= time.GetUtcNow().AddMilliseconds(1)
                ? Refused(SessionRefusal.Expired)
                : new(session, SessionRefusal.None, readAt);

            SessionLookup Refused(SessionRefusal refusal) => new(null, refusal, readAt);
        }

        public override async ValueTask<bool> StoreAsync(string key, SessionLookup value, byte[]? seen) =>
            value.Session is { } session
            && keys.Current?.Write(session, key, value.ReadAt, time.GetUtcNow()) is { } entry
            && await store.AddAsync(entry, seen);
    }
}
