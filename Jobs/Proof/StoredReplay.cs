using Npgsql;
using NpgsqlTypes;
using Overnight.Core;
using Overnight.Core.Auditing;
using Overnight.Core.Data;
using Overnight.Core.Market;
using Overnight.Core.Proof;
using Overnight.Core.Recommendations;

namespace Overnight.Jobs.Proof;

/// <summary>Which stored calculations are replayed.</summary>
/// <param name="User">Null for all users.</param>
/// <param name="Run">Null for all finished runs.</param>
/// <param name="IsLatest">The newest business date alone: all markets, revisions and retries of it.</param>
/// <param name="Sample">This many of them, at random; null for all.</param>
internal sealed record ReplaySelection(Guid? User = null, Guid? Run = null, bool IsLatest = false, int? Sample = null);

/// <summary>A calculation that does not replay to what is stored.</summary>
internal sealed record ReplayedDifference(Guid User, string Run, ReplayDifference Difference)
{
    public override string ToString() =>
        Difference.Offset is { } offset
            ? $"User {User} in run {Run}: {Difference.Part} differs at byte {offset}, {Difference.Field}"
            : $"User {User} in run {Run}: {Difference.Part}: {Difference.Field}";
}

/// <summary>
/// Replays stored calculations from captured inputs, market snapshots and criteria versions alone: users, portfolios and prices may have
/// changed or be gone. Reads only.
/// </summary>
/// <param name="rules">Rules by version; those of this build when null.</param>
internal sealed class StoredReplay(NpgsqlDataSource database, IReadOnlyDictionary<int, CalculationRule>? rules = null)
{
    /// <summary>Calculations read at a time, some 10 KB each.</summary>
    private const int Page = 500;

    private const string Runs = """
        select id, market, business_date, revision, correlation_id from overnight_job_runs
        where job_type = 'scoring' and completed_at is not null and ($1 is null or id = $1) and (not $2 or business_date = (
            select max(business_date) from overnight_job_runs where job_type = 'scoring' and completed_at is not null and users_processed > 0))
        order by business_date desc, number desc
        """;

    private const string Sampled = """
        select e.run_id, e.user_id from unnest($1::uuid[], $2::date[]) r (id, day)
        join calculation_events e on e.business_date = r.day and e.run_id = r.id and e.type = 2 and ($3 is null or e.user_id = $3)
        order by random() limit $4
        """;

    private const string Stored = """
        select i.user_id, i.payload, s.payload, c.payload, r.recommendations, r.portfolio
        from (select user_id, payload from calculation_events where business_date = $1 and run_id = $2 and type = 2 and user_id > $3
            and ($4 is null or user_id = any ($4)) order by user_id limit $5) i
        left join calculation_events s on s.business_date = $1 and s.run_id = $2 and s.user_id = i.user_id and s.type = 3
        left join calculation_events c on c.business_date = $1 and c.run_id = $2 and c.user_id = i.user_id and c.type = 4
        left join calculation_results r on r.business_date = $1 and r.run_id = $2 and r.user_id = i.user_id
        order by i.user_id
        """;

    private const string Criteria = "select id, rules from criteria_versions where id = any ($1)";

    private const string Snapshot =
        "select market, business_date, taken_at, prices_as_of, rates_as_of, payload from market_snapshots where id = $1";

    private (Guid Id, MarketSnapshot? Market, string? Trouble) _market;

    public int RunCount { get; private set; }
    public long Replayed { get; private set; }
    public long Differing { get; private set; }

    /// <param name="told">Told of each difference.</param>
    /// <returns>False when there is no such run.</returns>
    public async Task<bool> RunAsync(ReplaySelection selection, Action<ReplayedDifference> told, CancellationToken ct)
    {
        var runs = await RunsAsync(selection, ct);
        if (runs.Count == 0)
            return false;
        var sample = selection.Sample is { } number ? await SampleAsync(runs, selection.User, number, ct) : null;
        foreach (var (id, context) in runs)
        {
            if (sample is not null && !sample.ContainsKey(id))
                continue;
            var users = sample?[id] ?? (selection.User is { } user ? [user] : null);
            await RunAsync(id, context, users, told, ct);
        }
        return true;
    }

    private async Task RunAsync(Guid run, ResultContext context, Guid[]? users, Action<ReplayedDifference> told, CancellationToken ct)
    {
        CalculationReplay replay = new(context, rules);
        var name = $"{run} ({context.Market}, {IsoDate.Of(context.BusinessDate)}, revision {context.Revision})";
        var before = Replayed;
        var after = Guid.Empty;
        while (true)
        {
            var page = await PageAsync(run, context.BusinessDate, after, users, ct);
            var criteria = await CriteriaAsync(page, ct);
            foreach (var stored in page)
            {
                var inputs = TryRead(stored.Inputs);
                var (market, trouble) = inputs is null ? (null, null) : await MarketAsync(inputs.SnapshotId, ct);
                ReadOnlyMemory<byte>? own =
                    inputs is not null && criteria.TryGetValue(inputs.Portfolio.CriteriaVersionId, out var found) ? found : null;
                IReadOnlyList<ReplayDifference> differences = trouble is null
                    ? replay.Compare(stored, own, market)
                    : [new("INPUTS_CAPTURED", null, trouble)];
                Replayed++;
                Differing += differences.Count > 0 ? 1 : 0;
                foreach (var difference in differences)
                    told(new(stored.UserId, name, difference));
            }
            if (page.Count < Page)
                break;
            after = page[^1].UserId;
        }
        RunCount += Replayed > before ? 1 : 0;
    }

    private static CapturedInputs? TryRead(byte[] inputs)
    {
        try
        {
            return EventCodec.ReadInputs(inputs);
        }
        catch (Exception exception) when (IsUnreadable(exception))
        {
            // The replay names the reason.
            return null;
        }
    }

    /// <summary>Whether the exception is one that altered bytes cause when they are read.</summary>
    private static bool IsUnreadable(Exception exception) => exception is InvalidDataException or ArgumentException or OverflowException;

    private async Task<List<(Guid Id, ResultContext Context)>> RunsAsync(ReplaySelection selection, CancellationToken ct)
    {
        List<(Guid, ResultContext)> runs = [];
        await using var command = database.Command(Runs, OrNull(selection.Run), selection.IsLatest);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            runs.Add(
                (reader.GetGuid(0), new(reader.GetString(1), reader.GetFieldValue<DateOnly>(2), reader.GetInt32(3), reader.GetGuid(4)))
            );
        return runs;
    }

    private async Task<Dictionary<Guid, Guid[]>> SampleAsync(
        List<(Guid Id, ResultContext Context)> runs,
        Guid? user,
        int number,
        CancellationToken ct
    )
    {
        List<(Guid Run, Guid User)> drawn = [];
        await using var command = database.Command(
            Sampled,
            runs.Select(run => run.Id).ToArray(),
            runs.Select(run => run.Context.BusinessDate).ToArray(),
            OrNull(user),
            number
        );
        command.CommandTimeout = 0;
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            drawn.Add((reader.GetGuid(0), reader.GetGuid(1)));
        return drawn.GroupBy(one => one.Run).ToDictionary(one => one.Key, one => one.Select(other => other.User).ToArray());
    }

    private async Task<List<StoredOutcome>> PageAsync(Guid run, DateOnly day, Guid after, Guid[]? users, CancellationToken ct)
    {
        List<StoredOutcome> page = [];
        await using var command = database.Command(
            Stored,
            day,
            run,
            after,
            new NpgsqlParameter { Value = (object?)users ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid },
            Page
        );
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            page.Add(new(reader.GetGuid(0), reader.GetFieldValue<byte[]>(1), Bytes(2), Bytes(3), Bytes(4), Bytes(5)));
        return page;

        byte[]? Bytes(int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<byte[]>(column);
    }

    private async Task<Dictionary<Guid, byte[]>> CriteriaAsync(List<StoredOutcome> page, CancellationToken ct)
    {
        Dictionary<Guid, byte[]> criteria = [];
        await using var command = database.Command(
            Criteria,
            page.Select(stored => TryRead(stored.Inputs)?.Portfolio.CriteriaVersionId).OfType<Guid>().Distinct().ToArray()
        );
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            criteria[reader.GetGuid(0)] = reader.GetFieldValue<byte[]>(1);
        return criteria;
    }

    /// <returns>Market is null when the snapshot is missing or can't be read; Trouble says why it can't be read, else it is null.</returns>
    private async Task<(MarketSnapshot? Market, string? Trouble)> MarketAsync(Guid id, CancellationToken ct)
    {
        if (_market.Id != id)
            _market = await ReadMarketAsync(id, ct);
        return (_market.Market, _market.Trouble);
    }

    private async Task<(Guid Id, MarketSnapshot? Market, string? Trouble)> ReadMarketAsync(Guid id, CancellationToken ct)
    {
        await using var command = database.Command(Snapshot, id);
        await using var reader = await command.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct))
            return (id, null, null);
        MarketSnapshotHeader header = new(
            id,
            reader.GetString(0),
            reader.GetFieldValue<DateOnly>(1),
            reader.GetFieldValue<DateTimeOffset>(2),
            await reader.IsDBNullAsync(3, ct) ? null : reader.GetFieldValue<DateTimeOffset>(3),
            await reader.IsDBNullAsync(4, ct) ? null : reader.GetFieldValue<DateTimeOffset>(4)
        );
        try
        {
            return (id, MarketSnapshotCodec.Decode(header, reader.GetFieldValue<byte[]>(5)), null);
        }
        catch (Exception exception) when (IsUnreadable(exception))
        {
            // Every calculation that names it differs; the others are replayed all the same.
            return (id, null, $"market snapshot {id} can't be read: {exception.Message}");
        }
    }

    private static NpgsqlParameter OrNull(Guid? id) => new() { Value = (object?)id ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid };
}
