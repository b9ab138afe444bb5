using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Caching;

namespace Overnight.Core.Warming;

/// <summary>
/// Both keys of every user with a current result, from the stored bytes, most recently active users first (SPEC B2, B6).
/// Renewed before their TTL ends, also where no trading day does it.
/// </summary>
public sealed partial class RecommendationSet(
    NpgsqlDataSource database,
    ResultCacheWriter writer,
    EntryWriter entries,
    IOptions<WarmingOptions> options,
    ILogger<RecommendationSet> logger
) : WarmSet(Declare(options.Value.Recommendations))
{
    public const string SetName = "recommendations";

    /// <summary>One batch is read while another is written, unless live reads have to wait.</summary>
    private const int BatchesAtOnce = 2;

    /// <summary>Users; a smaller batch costs PostgreSQL nearly as much.</summary>
    private const int LeastBatch = 128;

    /// <summary>Seconds; sorting a million users takes a few.</summary>
    private const int ReadTimeout = 120;

    // Activity is in microseconds. Who became active since the first try may have moved in front of what was reached, and
    // is taken once more.
    private const string Users = """
        select user_id, activity from (
            select c.user_id, coalesce((extract(epoch from a.last_active_at) * 1000000)::bigint, 0) as activity
            from current_results c
            join users u on u.id = c.user_id and u.deleted_at is null and u.banned_at is null
            left join (select user_id, max(last_active_at) as last_active_at from sessions group by user_id) a on a.user_id = c.user_id) ordered
        where $1 is null or activity < $1 or (activity = $1 and user_id > $2) or activity > $3
        order by activity desc, user_id limit $4
        """;

    private const string Count =
        "select count(*) from current_results c join users u on u.id = c.user_id and u.deleted_at is null and u.banned_at is null";

    // Index lookups, month by month, are right for some hundred users among millions of results; the planner may think otherwise.
    private const string Settings = """
        select set_config('synchronous_commit', 'off', true), set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
            set_config('enable_seqscan', 'off', true)
        """;

    private static WarmDeclaration Declare(RecommendationWarmOptions options) =>
        new(SetName, WarmPhase.Essential, "recs:{user_id}", CacheKeys.ResultTtl)
        {
            IsTtlExact = true,
            Interval = options.Interval,
            TimeLimit = options.TimeLimit,
        };

    public override async Task<long> EstimateAsync(WarmOrder order, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(order);
        await using var command = database.CreateCommand(Count);
        return Math.Min((long)(await command.ExecuteScalarAsync(ct))!, order.Limit ?? long.MaxValue);
    }

    public override async IAsyncEnumerable<WarmStep> WarmAsync(WarmOrder order, [EnumeratorCancellation] CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(order);
        Queue<Task<WarmStep>> underWay = new();
        try
        {
            await foreach (var batch in BatchesAsync(order, ct))
            {
                while (underWay.Count >= (order.GivesWay ? 1 : BatchesAtOnce))
                    yield return await underWay.Dequeue();
                underWay.Enqueue(WarmBatchAsync(batch, ct));
            }
            while (underWay.TryDequeue(out var batch))
                yield return await batch;
        }
        finally
        {
            // None may still write when the set's lock is let go; the failure that ends the warm is told already.
            await ((Task)Task.WhenAll(underWay)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async IAsyncEnumerable<(Guid[] Users, string Reached)> BatchesAsync(
        WarmOrder order,
        [EnumeratorCancellation] CancellationToken ct
    )
    {
        var (activity, user) = Parse(order.Reached);
        await using var command = database.CreateCommand(Users);
        command.CommandTimeout = ReadTimeout;
        command.Parameters.Add(new() { Value = (object?)activity ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint });
        command.Parameters.Add(new() { Value = user });
        command.Parameters.Add(new() { Value = (order.Since - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond });
        command.Parameters.Add(new() { Value = (object?)order.Limit ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint });
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<Guid> users = [];
        var last = 0L;
        while (await reader.ReadAsync(ct))
        {
            users.Add(reader.GetGuid(0));
            last = reader.GetInt64(1);
            if (users.Count < BatchSize(order))
                continue;
            yield return ([.. users], Format(last, users[^1]));
            users.Clear();
        }
        if (users.Count > 0)
            yield return ([.. users], Format(last, users[^1]));
    }

    // Two keys a user; while it gives way as few as a window has at least, which is two milliseconds of everybody's processor.
    private int BatchSize(WarmOrder order) =>
        (order.GivesWay ? entries.LeastWindow : Math.Max(entries.Window, Math.Min(2 * LeastBatch, entries.MostWindow))) / 2;

    /// <summary>Locks first, then reads, and holds until it is written: see <see cref="CurrentResults"/>.</summary>
    private async Task<WarmStep> WarmBatchAsync((Guid[] Users, string Reached) batch, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var (results, damaged) = await LockAsync(connection, transaction, batch.Users, ct);
        var refused = await WriteAsync(results, ct);
        try
        {
            await transaction.CommitAsync(ct);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // The lock was lost, perhaps before the last was written.
            await writer.TakeBackAsync(results);
            throw;
        }
        return new(results.Count - refused, damaged + refused, batch.Reached);
    }

    private async Task<(List<CacheableResult> Results, int Damaged)> LockAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        Guid[] users,
        CancellationToken ct
    )
    {
        await using NpgsqlBatch commands = new(connection, transaction)
        {
            BatchCommands =
            {
                new(Settings),
                new(CurrentResults.LockMany) { Parameters = { new() { Value = users } } },
                new(CurrentResults.ManyForCache) { Parameters = { new() { Value = users } } },
            },
        };
        await using var reader = await commands.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        await reader.NextResultAsync(ct);
        List<CacheableResult> results = new(users.Length);
        var damaged = 0;
        while (await reader.ReadAsync(ct))
        {
            CacheableResult result = new(reader.GetGuid(0), reader.GetFieldValue<byte[]>(1), reader.GetFieldValue<byte[]>(2));
            // Checked before it is written (SPEC B3): a reader would refuse it anyway.
            if (CacheEntry.IsIntact(result.Recommendations, result.UserId) && CacheEntry.IsIntact(result.Portfolio, result.UserId))
                results.Add(result);
            else
                damaged++;
        }
        if (damaged > 0)
            Log.Damaged(logger, damaged, CacheEntry.Schema);
        return (results, damaged);
    }

    /// <returns>How many users the server refused.</returns>
    private async Task<int> WriteAsync(List<CacheableResult> results, CancellationToken ct)
    {
        var refused = 0;
        for (var written = 0; written < results.Count; )
        {
            var some = results.GetRange(written, Math.Min(Math.Max(1, entries.Window / 2), results.Count - written));
            await entries.WatchedAsync(async () => refused += await WriteWindowAsync(some, ct));
            written += some.Count;
        }
        return refused;
    }

    private async Task<int> WriteWindowAsync(List<CacheableResult> results, CancellationToken ct)
    {
        try
        {
            await writer.WriteAsync(results, ct);
            return 0;
        }
        catch (CacheWriteException exception) when (exception.IsRefusal)
        {
            // One may be refused for its size, or some because the server is full: each for itself.
        }
        var refused = 0;
        foreach (var result in results)
        {
            try
            {
                await writer.WriteAsync([result], ct);
            }
            catch (CacheWriteException exception) when (exception.IsRefusal)
            {
                refused++;
            }
        }
        return refused;
    }

    private static string Format(long activity, Guid user) => string.Create(CultureInfo.InvariantCulture, $"{activity}/{user:D}");

    private static (long? Activity, Guid User) Parse(string? reached)
    {
        var at = reached?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        return
            at > 0
            && long.TryParse(reached.AsSpan(0, at), CultureInfo.InvariantCulture, out var activity)
            && Guid.TryParse(reached.AsSpan(at + 1), out var user)
            ? (activity, user)
            : (null, default);
    }

    private static partial class Log
    {
        [LoggerMessage(
            411,
            LogLevel.Error,
            "{Count} stored results are damaged or not of schema {Schema}, and are not warmed; their users wait for the next night."
        )]
        public static partial void Damaged(ILogger logger, int count, int schema);
    }
}
