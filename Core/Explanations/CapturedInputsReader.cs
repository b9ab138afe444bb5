using Npgsql;
using Overnight.Core.Auditing;
using Overnight.Core.Data;
using Overnight.Core.Market;
using Overnight.Core.Portfolios;
using Overnight.Core.Scoring;

namespace Overnight.Core.Explanations;

/// <summary>
/// Reads what results were calculated from: one row of events, one of criteria, and the market snapshot where it is not in memory.
/// </summary>
public sealed class CapturedInputsReader(NpgsqlDataSource database, SnapshotMemory snapshots)
{
    private const string Columns = "r.id, r.market, r.business_date, r.revision, r.number, r.correlation_id, e.payload";

    // The business date of the run's row leads to one partition of events. $1 user, $2 run.
    internal const string OfRun = $"""
        select {Columns} from overnight_job_runs r
        cross join lateral (
            select payload from calculation_events
            where business_date = r.business_date and run_id = r.id and user_id = $1 and type = 2 limit 1) e
        where r.id = $2 and r.job_type = 'scoring'
        """;

    internal const string InForce = $"""
        select {Columns} from current_results c
        join overnight_job_runs r on r.id = c.run_id
        cross join lateral (
            select payload from calculation_events
            where business_date = c.business_date and run_id = c.run_id and user_id = c.user_id and type = 2 limit 1) e
        where c.user_id = $1
        """;

    // From the user's own results, newest first: for a user without an earlier one nothing else is read. $2 and $3: date and number of the
    // later run.
    internal const string RunBefore = """
        select r.id from calculation_results o
        join overnight_job_runs r on r.id = o.run_id
        where o.user_id = $1 and o.business_date <= $2 and r.job_type = 'scoring' and (o.business_date, r.number) < ($2, $3)
        order by o.business_date desc, r.number desc limit 1
        """;

    internal const string Criteria = "select rules from criteria_versions where id = $1";

    internal const string Snapshot =
        "select market, business_date, taken_at, prices_as_of, rates_as_of, payload from market_snapshots where id = $1";

    /// <summary>Reads the result of a user in a run, or the one in force where no run is given.</summary>
    /// <param name="needsCriteria">False where they are about to be replaced.</param>
    /// <returns>Null when there is none, as for a user whom the run could not compute.</returns>
    /// <exception cref="CalculationException">The criteria were erased (<c>criteria_erased</c>), or can't be read.</exception>
    /// <exception cref="InvalidDataException">An event or the snapshot is damaged, or of a version that this build does not
    /// know.</exception>
    public async Task<CapturedCalculation?> FindAsync(Guid user, Guid? run, CancellationToken ct, bool needsCriteria = true)
    {
        CapturedCalculation result;
        CapturedInputs captured;
        var criteria = ReadOnlyMemory<Criterion>.Empty;
        // Given back before the snapshot is awaited, which is loaded over a connection of its own.
        await using (var connection = await database.OpenConnectionAsync(ct))
        {
            if (await FindRowAsync(connection, user, run, ct) is not { } row)
                return null;
            (result, captured) = (row.Result, EventCodec.ReadInputs(row.Payload));
            captured.Portfolio.UserId = user;
            if (needsCriteria)
                criteria = await CriteriaAsync(connection, captured.Portfolio.CriteriaVersionId, ct);
        }
        var market = await snapshots.GetAsync(captured.SnapshotId, () => LoadAsync(captured.SnapshotId), ct);
        if (captured.Portfolio.Holdings.Exists(h => h.Asset >= market.Assets.Count))
            throw new InvalidDataException($"The inputs name an asset that market snapshot {captured.SnapshotId} does not have.");
        return result with { Inputs = new(captured.RuleVersion, captured.Portfolio, criteria, market) };
    }

    /// <summary>The run of the user's result before another one, of any market; null when that is the first.</summary>
    public async Task<Guid?> FindRunBeforeAsync(CapturedCalculation later, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(later);
        await using var command = database.Command(RunBefore, later.UserId, later.BusinessDate, later.Number);
        return await command.ExecuteScalarAsync(ct) as Guid?;
    }

    private static async Task<(CapturedCalculation Result, byte[] Payload)?> FindRowAsync(
        NpgsqlConnection connection,
        Guid user,
        Guid? run,
        CancellationToken ct
    )
    {
        await using var command = run is { } id ? connection.Command(OfRun, user, id) : connection.Command(InForce, user);
        await using var reader = await command.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct))
            return null;
        return (
            new(
                reader.GetGuid(0),
                reader.GetString(1),
                reader.GetFieldValue<DateOnly>(2),
                reader.GetInt32(3),
                reader.GetInt64(4),
                reader.GetGuid(5),
                user,
                null!
            ),
            reader.GetFieldValue<byte[]>(6)
        );
    }

    private static async Task<ReadOnlyMemory<Criterion>> CriteriaAsync(NpgsqlConnection connection, Guid id, CancellationToken ct)
    {
        await using var command = connection.Command(Criteria, id);
        await using var reader = await command.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct))
        {
            throw new CalculationException(
                CalculationStage.Load,
                "criteria_erased",
                "The criteria of this result are no longer stored, so it can't be calculated again."
            );
        }
        List<Criterion> criteria = [];
        // The bytes as they were stored, as the night reads them: names go into the result as they are.
        CriteriaParser.Read(reader.GetFieldValue<byte[]>(0), criteria);
        return criteria.ToArray();
    }

    private async Task<MarketSnapshot> LoadAsync(Guid id)
    {
        await using var command = database.Command(Snapshot, id);
        await using var reader = await command.ExecuteReaderAsync();
        if (!await reader.ReadAsync())
            throw new InvalidDataException($"Market snapshot {id}, which the inputs name, is missing.");
        MarketSnapshotHeader header = new(
            id,
            reader.GetString(0),
            reader.GetFieldValue<DateOnly>(1),
            reader.GetFieldValue<DateTimeOffset>(2),
            await reader.IsDBNullAsync(3) ? null : reader.GetFieldValue<DateTimeOffset>(3),
            await reader.IsDBNullAsync(4) ? null : reader.GetFieldValue<DateTimeOffset>(4)
        );
        return MarketSnapshotCodec.Decode(header, reader.GetFieldValue<byte[]>(5));
    }
}
