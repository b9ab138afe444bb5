using Overnight.Core.Auditing;
using Overnight.Core.Market;
using Overnight.Core.Recommendations;
using Overnight.Core.Scoring;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Pipeline;

/// <summary>SPEC A6, D4: what the events captured is enough to make the same bytes again.</summary>
public sealed class CodecTests(TestServers servers)
{
    [Fact]
    public async Task CapturedInputs_Recomputed_GiveTheStoredBytesAndScores()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var night = await PipelineFixture.CreateAsync(servers, 40, ct);
        var run = await night.RunAsync(ct);
        var market = await LoadMarketAsync(night, run.SnapshotId!.Value, ct);

        await using var command = night.Database.CreateCommand(
            """
            select i.user_id, i.payload, s.payload, r.recommendations, r.portfolio, c.rules
            from calculation_events i
            join calculation_events s on s.run_id = i.run_id and s.user_id = i.user_id and s.type = 3
            join calculation_results r on r.run_id = i.run_id and r.user_id = i.user_id
            join portfolios p on p.user_id = i.user_id join criteria_versions c on c.user_id = p.user_id and c.version = p.criteria_version
            where i.type = 2
            """
        );
        await using var reader = await command.ExecuteReaderAsync(ct);
        var users = 0;
        while (await reader.ReadAsync(ct))
        {
            var inputs = EventCodec.ReadInputs(reader.GetFieldValue<byte[]>(1));
            inputs.Portfolio.UserId = reader.GetGuid(0);
            List<Criterion> criteria = [];
            CriteriaParser.Read(reader.GetFieldValue<byte[]>(5), criteria);
            Core.Recommendations.Calculation calculation = new();
            calculation.Run(inputs.Portfolio, criteria.ToArray(), market);
            ResultContext context = new(run.Market, run.BusinessDate, run.Revision, run.CorrelationId);
            ResultWriter writer = new(market, context, inputs.WriterVersion);
            Assert.Equal(ResultWriter.LatestVersion, inputs.WriterVersion);

            Assert.Equal(
                reader.GetFieldValue<byte[]>(3),
                writer.Recommendations(inputs.Portfolio, criteria.ToArray(), calculation, inputs.GeneratedAt)
            );
            Assert.Equal(reader.GetFieldValue<byte[]>(4), writer.Portfolio(inputs.Portfolio, calculation, inputs.GeneratedAt));
            Assert.Equal(
                calculation.Scores.ToArray().Select(s => s with { TopContributor = -1 }),
                EventCodec.ReadScores(reader.GetFieldValue<byte[]>(2))
            );
            users++;
        }
        Assert.Equal(40, users);
    }

    [Fact]
    public void Snapshot_DamagedOrOfAnotherVersion_IsRefused()
    {
        MarketSnapshotHeader header = new(Guid.NewGuid(), "NYSE", new(2026, 11, 23), DateTimeOffset.UnixEpoch, null, null);
        var payload = MarketSnapshotCodec.Encode(
            new(
                header,
                [new(Guid.NewGuid(), "AAA", "USD", 12.5m, new decimal?[Metrics.Count])],
                new Dictionary<(string, string), decimal>()
            )
        );
        Assert.Equal("AAA", MarketSnapshotCodec.Decode(header, payload).Assets[0].Symbol);

        Assert.Throws<InvalidDataException>(() => MarketSnapshotCodec.Decode(header, payload.AsSpan(0, payload.Length - 1)));
        Assert.Throws<InvalidDataException>(() => MarketSnapshotCodec.Decode(header, [.. payload, 0]));
        payload[0] = 9;
        Assert.Throws<InvalidDataException>(() => MarketSnapshotCodec.Decode(header, payload));
    }

    private static async Task<MarketSnapshot> LoadMarketAsync(PipelineFixture night, Guid id, CancellationToken ct)
    {
        await using var command = night.Database.CreateCommand(
            "select market, business_date, taken_at, prices_as_of, rates_as_of, payload from market_snapshots where id = $1"
        );
        command.Parameters.Add(new() { Value = id });
        await using var reader = await command.ExecuteReaderAsync(ct);
        Assert.True(await reader.ReadAsync(ct));
        MarketSnapshotHeader header = new(
            id,
            reader.GetString(0),
            reader.GetFieldValue<DateOnly>(1),
            reader.GetFieldValue<DateTimeOffset>(2),
            reader.GetFieldValue<DateTimeOffset?>(3),
            reader.GetFieldValue<DateTimeOffset?>(4)
        );
        return MarketSnapshotCodec.Decode(header, reader.GetFieldValue<byte[]>(5));
    }
}
