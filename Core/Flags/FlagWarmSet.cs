using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Caching;
using Overnight.Core.Data;
using Overnight.Core.Json;
using Overnight.Core.Warming;

namespace Overnight.Core.Flags;

/// <summary>
/// Warms the most used enabled flags of this environment in one pipelined write, or all enabled flags while no access was ever counted.
/// They are read and written under a share lock, so a concurrent change waits, and invalidates the entry afterwards.
/// </summary>
public sealed class FlagWarmSet(
    NpgsqlDataSource database,
    WarmWriter entries,
    IOptions<FlagOptions> flags,
    IOptions<WarmingOptions> options,
    TimeProvider time
) : WarmSet(Declare(options.Value.Flags))
{
    public const string SetName = WarmSetNames.Flags;

    /// <summary>Largest number of flags that are locked and written at once.</summary>
    private const int MostAtOnce = 1_000;

    private const string Named = "select key from feature_flags where environment = $1 and key = any ($2) order by key";

    // Locked in the order of keys, as flushes of accesses do, so that the two can't deadlock. Lock and read are two statements, because a
    // single one that had to wait would read the values from before the wait.
    private const string Lock =
        "select count(*) from (select 1 from feature_flags where environment = $1 and key = any ($2) order by key for share) locked";

    private const string Read = $"select key, {FlagStore.Json} from feature_flags where environment = $1 and key = any ($2)";

    private const string Settings = "select set_config('synchronous_commit', 'off', true)";

    private readonly string _environment = flags.Value.Environment;
    private readonly FlagWarmOptions _options = options.Value.Flags;

    // $2 is the largest number of flags, $3 whether it applies also while no access was counted.
    private string MostUsed =>
        $"""
            select key from feature_flags where environment = $1 and enabled
            order by {(
                _options.Order == FlagOrder.Count
                    ? "access_count desc, last_accessed_at desc nulls last"
                    : "last_accessed_at desc nulls last, access_count desc"
            )}, key
            limit case when $3 or exists (select from feature_flags where environment = $1 and access_count > 0) then $2::bigint end
            """;

    private static WarmDeclaration Declare(FlagWarmOptions options) =>
        new(SetName, WarmPhase.Essential, "feature_flags:{environment}:{key}", CacheKeys.FlagTtl)
        {
            IsTtlExact = true,
            Interval = options.Interval,
            IsWarmedAtStart = true,
            TimeLimit = options.TimeLimit,
            IsAutomatic = options.Enabled,
        };

    public override async Task<long> EstimateAsync(WarmSetRequest request, CancellationToken ct) => (await ChooseAsync(request, ct)).Count;

    public override async IAsyncEnumerable<WarmStep> WarmAsync(WarmSetRequest request, [EnumeratorCancellation] CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        var done = int.TryParse(request.Reached, CultureInfo.InvariantCulture, out var reached) ? reached : 0;
        foreach (var keys in (await ChooseAsync(request, ct)).Skip(done).Chunk(MostAtOnce))
        {
            done += keys.Length;
            var (warmed, refused) = await WarmAsync(keys, ct);
            yield return new(warmed, refused, done.ToString(CultureInfo.InvariantCulture));
        }
    }

    private async Task<List<string>> ChooseAsync(WarmSetRequest request, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        await using var command = database.Command(request.Keys is null ? MostUsed : Named, _environment);
        if (request.Keys is { } named)
        {
            command.Parameters.Add(new() { Value = named.ToArray() });
        }
        else
        {
            command.Parameters.Add(new() { Value = (long)(request.Limit ?? _options.Count), NpgsqlDbType = NpgsqlDbType.Bigint });
            command.Parameters.Add(new() { Value = request.Limit is not null });
        }
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<string> keys = [];
        while (await reader.ReadAsync(ct))
            keys.Add(reader.GetString(0));
        return keys;
    }

    private async Task<(int Warmed, int Refused)> WarmAsync(string[] keys, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var writes = await LockAsync(keys, connection, transaction, ct);
        var refused = (await entries.WriteAsync(writes, onlyAbsent: false, ct)).Count;
        await transaction.CommitAsync(ct);
        return (writes.Count - refused, refused);
    }

    private async Task<List<CacheWrite>> LockAsync(
        string[] keys,
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        CancellationToken ct
    )
    {
        await using NpgsqlBatch commands = new(connection, transaction) { BatchCommands = { new(Settings), With(Lock), With(Read) } };
        var asOf = time.GetUtcNow();
        await using var reader = await commands.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        await reader.NextResultAsync(ct);
        List<CacheWrite> writes = new(keys.Length);
        while (await reader.ReadAsync(ct))
        {
            var key = CacheKeys.Flag(_environment, reader.GetString(0));
            var flag = JsonSurrogates.Repair(reader.GetFieldValue<byte[]>(1));
            writes.Add(new(key, CacheEntry.Write(key, asOf, generation: 0, flag), Declaration.EntryTtl(0)));
        }
        return writes;

        NpgsqlBatchCommand With(string sql) => Statement.Of(sql, _environment, keys);
    }
}
