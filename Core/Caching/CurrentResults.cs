using Npgsql;
using NpgsqlTypes;

namespace Overnight.Core.Caching;

/// <summary>A user's result as it is stored: the values of <c>recs:{userId}</c> and <c>portfolio:{userId}</c>.</summary>
public readonly record struct StoredResult(Guid UserId, byte[] Recommendations, byte[] Portfolio);

/// <summary>
/// The bytes in force, from PostgreSQL. Everything that goes into the cache comes through here: locked for share first,
/// then read, and held until it is written, so that it can't replace a newer result, whose commit changes the locked row
/// and therefore waits.
/// </summary>
/// <remarks>
/// Lock and read are two statements: one that had to wait for the lock would join the changed row with the results it saw
/// before, and find nothing.
/// </remarks>
public static class CurrentResults
{
    private const string From = "from current_results c join calculation_results r using (user_id, business_date, run_id)";

    /// <summary>$1 user. For an answer, so without a lock.</summary>
    public const string Recommendations = $"select r.recommendations {From} where c.user_id = $1";

    /// <summary>$1 user.</summary>
    public const string Lock = "select 1 from current_results where user_id = $1 for share";

    /// <summary>$1 user; after <see cref="Lock"/>, in its transaction.</summary>
    public const string ForCache = $"select c.user_id, r.recommendations, r.portfolio {From} where c.user_id = $1";

    /// <summary>$1 first user, $2 last user, both included. In order, so that two ranges can't wait for each other.</summary>
    public const string LockRange =
        "select count(*) from (select 1 from current_results where user_id between $1 and $2 order by user_id for share) locked";

    /// <summary>$1 first user, $2 last user, both included; after <see cref="LockRange"/>, in its transaction.</summary>
    public const string RangeForCache = $"select c.user_id, r.recommendations, r.portfolio {From} where c.user_id between $1 and $2";

    /// <summary>$1 users. In order, as above.</summary>
    public const string LockMany =
        "select count(*) from (select 1 from current_results where user_id = any($1) order by user_id for share) locked";

    /// <summary>$1 users; after <see cref="LockMany"/>, in its transaction.</summary>
    public const string ManyForCache = $"select c.user_id, r.recommendations, r.portfolio {From} where c.user_id = any($1)";

    /// <summary>A share lock is all such a transaction writes: nobody need wait until it is on disk.</summary>
    private const string Relax = "set local synchronous_commit = off";

    /// <summary>What PostgreSQL may take to answer a reader, in seconds; a reader that waits longer is better told so.</summary>
    public const int ReadTimeout = 5;

    /// <summary>The recommendations in force of a user, or null.</summary>
    public static async Task<byte[]?> ReadAsync(NpgsqlDataSource database, Guid userId, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(database);
        await using var connection = await database.OpenConnectionAsync(ct).ConfigureAwait(false);
        await using NpgsqlCommand command = new(Recommendations, connection) { CommandTimeout = ReadTimeout };
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = userId, NpgsqlDbType = NpgsqlDbType.Uuid });
        // Kept by the pooled connection, so only its first use costs a round trip.
        await command.PrepareAsync(ct).ConfigureAwait(false);
        return (byte[]?)await command.ExecuteScalarAsync(ct).ConfigureAwait(false);
    }

    /// <summary>Both values in force of a user, locked until the transaction ends, or null. One round trip.</summary>
    public static async Task<StoredResult?> LockAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        Guid userId,
        CancellationToken ct
    )
    {
        await using NpgsqlBatch batch = new(connection, transaction) { Timeout = ReadTimeout };
        batch.BatchCommands.Add(new(Relax));
        foreach (var text in (ReadOnlySpan<string>)[Lock, ForCache])
        {
            NpgsqlBatchCommand command = new(text);
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = userId, NpgsqlDbType = NpgsqlDbType.Uuid });
            batch.BatchCommands.Add(command);
        }
        await using var reader = await batch.ExecuteReaderAsync(ct).ConfigureAwait(false);
        await reader.NextResultAsync(ct).ConfigureAwait(false);
        return await reader.ReadAsync(ct).ConfigureAwait(false) ? new(reader.GetGuid(0), (byte[])reader[1], (byte[])reader[2]) : null;
    }
}
