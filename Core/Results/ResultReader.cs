using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Caching;
using Overnight.Core.Data;
using Overnight.Core.Json;
using Overnight.Core.Recommendations;

namespace Overnight.Core.Results;

/// <summary>
/// Reads results for the dashboard: the bytes of <c>recs:{userId}</c>, which must not be changed. A result that was loaded from PostgreSQL
/// is written back to the cache in the background.
/// </summary>
public sealed partial class ResultReader : IChangeHandler
{
    /// <summary>$1 user. A read for an answer, so it takes no lock.</summary>
    internal const string Current =
        "select r.recommendations from current_results c join calculation_results r using (user_id, business_date, run_id) where c.user_id = $1";

    private readonly BoundedMemory<Guid, byte[]> _memory;

    public ResultReader(
        CacheStore store,
        NpgsqlDataSource database,
        RepairQueue repairs,
        CacheTelemetry telemetry,
        IOptions<CacheOptions> options,
        TimeProvider time,
        ILogger<ResultReader> logger
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        var given = options.Value;
        _memory = new(given.MemoryBytes, time, given.MemoryAdmission);
        Entries = new(new Kind(database, repairs, given.MemoryTtl, logger), _memory, store, telemetry, given.LoadShared, time);
    }

    /// <summary>Results by user.</summary>
    public CacheAside<Guid, byte[]> Entries { get; }

    public IMemory Memory => _memory;

    public void ResultsChanged(Guid firstUser, Guid lastUser)
    {
        if (firstUser == lastUser)
            Entries.Forget(firstUser);
        else
            Entries.Forget(user => IsBetween(firstUser, lastUser, user));
    }

    /// <summary>Whether the user is in the range, both ends included. Guid compares in the order of PostgreSQL's <c>uuid</c>.</summary>
    internal static bool IsBetween(Guid first, Guid last, Guid user) => first.CompareTo(user) <= 0 && user.CompareTo(last) <= 0;

    public void Trim() => Entries.Trim();

    private sealed class Kind(NpgsqlDataSource database, RepairQueue repairs, TimeSpan memoryTtl, ILogger<ResultReader> logger)
        : CacheAsideSource<Guid, byte[]>(CacheSet.Results)
    {
        public override string KeyOf(Guid key) => CacheKeys.Recommendations(key);

        public override int SizeOf(byte[] value) => value.Length;

        public override TimeSpan MemoryTtl(Guid key, byte[] value) => memoryTtl;

        public override Look<byte[]> Read(Guid key, byte[] bytes) =>
            ResultIntegrity.AreOf(key, bytes) ? new(bytes, CacheOutcome.Hit) : new(null, CacheOutcome.Damaged);

        public override async Task<byte[]?> LoadAsync(Guid key)
        {
            await using var connection = await database.OpenConnectionAsync();
            await using NpgsqlCommand command = new(Current, connection) { CommandTimeout = DatabaseConnection.ReadTimeout };
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = key, NpgsqlDbType = NpgsqlDbType.Uuid });
            // The pooled connection keeps the prepared statement, so only its first use costs a round trip.
            await command.PrepareAsync(DatabaseConnection.ReadTimeout);
            if (await command.ExecuteScalarAsync() is not byte[] stored)
                return null;
            if (ResultIntegrity.AreOf(key, stored))
                return stored;
            Log.Unreadable(logger, ChecksummedJson.Schema);
            return null;
        }

        /// <summary>Queues a repair, which locks the result that is current then; the loaded one may no longer be.</summary>
        public override ValueTask<bool> StoreAsync(Guid key, byte[] value, byte[]? seen)
        {
            repairs.Enqueue(key);
            return new(false);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            211,
            LogLevel.Error,
            "A stored result is damaged or not of schema {Schema}, so its user has no result until the next night."
        )]
        public static partial void Unreadable(ILogger logger, int schema);
    }
}
