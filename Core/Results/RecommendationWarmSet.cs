using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Caching;
using Overnight.Core.Json;
using Overnight.Core.Warming;

namespace Overnight.Core.Results;

/// <summary>
/// Warms both keys of every user with a current result, from the stored bytes, most recently active users first. Entries are renewed
/// before their TTL ends, also in weeks without a trading day.
/// </summary>
public sealed partial class RecommendationWarmSet(
    NpgsqlDataSource database,
    FencedResultWriter fence,
    WarmWriter entries,
    IOptions<WarmingOptions> options,
    ILogger<RecommendationWarmSet> logger
) : WarmSet(Declare(options.Value.Recommendations))
{
    public const string SetName = WarmSetNames.Recommendations;

    /// <summary>One batch is read while another one is written.</summary>
    private const int BatchesAtOnce = 2;

    /// <summary>Users of a batch. A smaller batch costs PostgreSQL nearly as much; a larger one makes a run wait for its rows.</summary>
    private const int MostUsers = 256;

    /// <summary>Seconds. Sorting a million users takes several.</summary>
    private const int ReadTimeout = 120;

    // Activity is in microseconds. A user who became active since the first try may have moved ahead of what was reached, and is
    // warmed once more.
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

    private static WarmDeclaration Declare(RecommendationWarmOptions options) =>
        new(SetName, WarmPhase.Essential, "recs:{user_id}", CacheKeys.ResultTtl)
        {
            IsTtlExact = true,
            Interval = options.Interval,
            TimeLimit = options.TimeLimit,
        };

    public override async Task<long> EstimateAsync(WarmSetRequest request, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        await using var command = database.CreateCommand(Count);
        return Math.Min((long)(await command.ExecuteScalarAsync(ct))!, request.Limit ?? long.MaxValue);
    }

    public override async IAsyncEnumerable<WarmStep> WarmAsync(WarmSetRequest request, [EnumeratorCancellation] CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        Queue<Task<WarmStep>> underWay = new();
        try
        {
            await foreach (var batch in BatchesAsync(request, ct))
            {
                while (underWay.Count >= BatchesAtOnce)
                    yield return await underWay.Dequeue();
                underWay.Enqueue(WarmBatchAsync(batch, ct));
            }
            while (underWay.TryDequeue(out var batch))
                yield return await batch;
        }
        finally
        {
            // No write may go on after the set's lock is released. The failure that ends the warm has been thrown already.
            await ((Task)Task.WhenAll(underWay)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async IAsyncEnumerable<(Guid[] Users, string Reached)> BatchesAsync(
        WarmSetRequest request,
        [EnumeratorCancellation] CancellationToken ct
    )
    {
        var (activity, user) = Parse(request.Reached);
        await using var command = database.CreateCommand(Users);
        command.CommandTimeout = ReadTimeout;
        command.Parameters.Add(new() { Value = (object?)activity ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint });
        command.Parameters.Add(new() { Value = user });
        command.Parameters.Add(new() { Value = (request.Since - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond });
        command.Parameters.Add(new() { Value = (object?)request.Limit ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint });
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<Guid> users = [];
        var last = 0L;
        while (await reader.ReadAsync(ct))
        {
            users.Add(reader.GetGuid(0));
            last = reader.GetInt64(1);
            if (users.Count < Math.Min(MostUsers, entries.MostAtOnce / 2))
                continue;
            yield return ([.. users], Format(last, users[^1]));
            users.Clear();
        }
        if (users.Count > 0)
            yield return ([.. users], Format(last, users[^1]));
    }

    private async Task<WarmStep> WarmBatchAsync((Guid[] Users, string Reached) batch, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var (current, damaged) = await FencedResultWriter.LockAsync(transaction, batch.Users, ct);
        if (damaged > 0)
            Log.Damaged(logger, damaged, ChecksummedJson.Schema);
        var (refused, _) = await fence.WriteAsync(transaction, current, writes => entries.WriteAsync(writes, onlyAbsent: false, ct));
        return new(current.Count - refused, damaged + refused, batch.Reached);
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
            "Stored results that are damaged or not of schema {Schema}, and are not warmed: {Count}. Their users wait for the next night."
        )]
        public static partial void Damaged(ILogger logger, int count, int schema);
    }
}
