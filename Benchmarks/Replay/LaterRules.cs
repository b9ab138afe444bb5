using System.Runtime.InteropServices;
using Npgsql;
using Overnight.Core.Auditing;
using Overnight.Core.Data;
using Overnight.Core.Market;
using Overnight.Core.Portfolios;
using Overnight.Core.Proof;
using Overnight.Core.Recommendations;
using Overnight.Core.Scoring;

namespace Overnight.Benchmarks.Replay;

/// <summary>
/// Rules of a version that no build has, by which the first half of a user's criteria count alone, and nights as a build that had them
/// would have stored them.
/// </summary>
internal static class LaterRules
{
    public const int Version = EventCodec.RuleVersion + 1;

    private const int Page = 500;

    private const string Captured = """
        select i.user_id, i.payload, c.payload, convert_to(v.rules::text, 'UTF8') from calculation_events i
        join calculation_events c on c.business_date = i.business_date and c.run_id = i.run_id and c.user_id = i.user_id and c.type = 4
        join portfolios p on p.user_id = i.user_id join criteria_versions v on v.user_id = p.user_id and v.version = p.criteria_version
        where i.business_date = $1 and i.run_id = $2 and i.type = 2 and i.user_id > $3 order by i.user_id limit $4
        """;

    private const string Snapshot = """
        select s.id, s.market, s.business_date, s.taken_at, s.prices_as_of, s.rates_as_of, s.payload
        from market_snapshots s join overnight_job_runs r on r.snapshot_id = s.id where r.id = $1
        """;

    private const string WriteEvents = """
        update calculation_events e set payload = n.payload from unnest($3::uuid[], $4::smallint[], $5::bytea[]) n (user_id, type, payload)
        where e.business_date = $1 and e.run_id = $2 and e.user_id = n.user_id and e.type = n.type
        """;

    private const string WriteResults = """
        update calculation_results r set recommendations = n.recommendations, portfolio = n.portfolio
        from unnest($3::uuid[], $4::bytea[], $5::bytea[]) n (user_id, recommendations, portfolio)
        where r.user_id = n.user_id and r.business_date = $1 and r.run_id = $2
        """;

    /// <summary>Those of this build, and the later ones.</summary>
    public static IReadOnlyDictionary<int, CalculationRule> All { get; } =
        new Dictionary<int, CalculationRule>(CalculationReplay.Rules) { [Version] = Run };

    private readonly record struct StoredInputs(Guid User, byte[] Inputs, byte[] Completed, byte[] Criteria);

    /// <summary>Stores the calculations of a run anew, by the later rules. Criteria must still be those of the run.</summary>
    /// <returns>How many there are.</returns>
    public static async Task<int> RewriteAsync(NpgsqlDataSource database, Guid run, ResultContext context, CancellationToken ct)
    {
        var market = await MarketAsync(database, run, ct);
        var (after, count) = (Guid.Empty, 0);
        while (true)
        {
            var page = await PageAsync(database, run, context.BusinessDate, after, ct);
            if (page.Count > 0)
                await WriteAsync(database, run, context, market, page, ct);
            count += page.Count;
            if (page.Count < Page)
                return count;
            after = page[^1].User;
        }
    }

    private static void Run(Calculation calculation, UserPortfolio portfolio, ReadOnlySpan<Criterion> criteria, MarketSnapshot market) =>
        calculation.Run(portfolio, criteria[..(criteria.Length / 2)], market);

    private static async Task WriteAsync(
        NpgsqlDataSource database,
        Guid run,
        ResultContext context,
        MarketSnapshot market,
        List<StoredInputs> page,
        CancellationToken ct
    )
    {
        Calculation calculation = new();
        EventCodec events = new();
        ResultWriter writer = new(market, context);
        List<Criterion> criteria = [];
        List<(Guid User, CalculationEvent Type, byte[] Payload)> payloads = [];
        List<(Guid User, byte[] Recommendations, byte[] Portfolio)> results = [];
        foreach (var stored in page)
        {
            var captured = EventCodec.ReadInputs(stored.Inputs);
            var portfolio = captured.Portfolio;
            portfolio.UserId = stored.User;
            CriteriaParser.Read(stored.Criteria, criteria);
            Run(calculation, portfolio, CollectionsMarshal.AsSpan(criteria), market);
            payloads.Add(
                (
                    stored.User,
                    CalculationEvent.InputsCaptured,
                    events.Inputs(portfolio, captured.SnapshotId, captured.GeneratedAt, writer.Version, Version)
                )
            );
            payloads.Add((stored.User, CalculationEvent.ScoresComputed, events.Scores(calculation.Scores, criteria.Count)));
            payloads.Add(
                (
                    stored.User,
                    CalculationEvent.Completed,
                    events.Completed(EventCodec.ReadCompleted(stored.Completed).Duration, calculation)
                )
            );
            results.Add(
                (
                    stored.User,
                    writer.Recommendations(portfolio, CollectionsMarshal.AsSpan(criteria), calculation, captured.GeneratedAt),
                    writer.Portfolio(portfolio, calculation, captured.GeneratedAt)
                )
            );
        }
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(
            Statement.Of(
                WriteEvents,
                context.BusinessDate,
                run,
                payloads.ConvertAll(one => one.User),
                payloads.ConvertAll(one => (short)one.Type),
                payloads.ConvertAll(one => one.Payload)
            )
        );
        batch.BatchCommands.Add(
            Statement.Of(
                WriteResults,
                context.BusinessDate,
                run,
                results.ConvertAll(one => one.User),
                results.ConvertAll(one => one.Recommendations),
                results.ConvertAll(one => one.Portfolio)
            )
        );
        await batch.ExecuteNonQueryAsync(ct);
    }

    private static async Task<List<StoredInputs>> PageAsync(
        NpgsqlDataSource database,
        Guid run,
        DateOnly day,
        Guid after,
        CancellationToken ct
    )
    {
        List<StoredInputs> page = [];
        await using var command = database.Command(Captured, day, run, after, Page);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            page.Add(
                new(reader.GetGuid(0), reader.GetFieldValue<byte[]>(1), reader.GetFieldValue<byte[]>(2), reader.GetFieldValue<byte[]>(3))
            );
        return page;
    }

    private static async Task<MarketSnapshot> MarketAsync(NpgsqlDataSource database, Guid run, CancellationToken ct)
    {
        await using var command = database.Command(Snapshot, run);
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return MarketSnapshotCodec.Decode(
            new(
                reader.GetGuid(0),
                reader.GetString(1),
                reader.GetFieldValue<DateOnly>(2),
                reader.GetFieldValue<DateTimeOffset>(3),
                await reader.IsDBNullAsync(4, ct) ? null : reader.GetFieldValue<DateTimeOffset>(4),
                await reader.IsDBNullAsync(5, ct) ? null : reader.GetFieldValue<DateTimeOffset>(5)
            ),
            reader.GetFieldValue<byte[]>(6)
        );
    }
}
