using System.Text;
using System.Text.Json;
using Overnight.Core.Auditing;
using Overnight.Core.Recommendations;
using static Overnight.Tests.Audit.StoredFormInput;

namespace Overnight.Tests.Audit;

/// <summary>
/// SPEC A6, B1, D4: what any build stored is read by this one, and written again byte for byte. A golden file is never changed; a new
/// version gets one of its own.
/// </summary>
public sealed class StoredFormTests
{
    [Theory]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(2, true)]
    public void B1_EachWriterVersion_WritesItsGoldenBytes(int version, bool hasNames)
    {
        var (market, portfolio, criteria) = (Market(isStale: true, hasNames), Portfolio(), Criteria());
        Core.Recommendations.Calculation calculation = new();
        calculation.Run(portfolio, criteria, market);
        ResultWriter writer = new(market, Context, version);

        Assert.Equal(
            Encoding.UTF8.GetString(Golden($"recommendations-{version}.json")),
            Encoding.UTF8.GetString(writer.Recommendations(portfolio, criteria, calculation, GeneratedAt))
        );
        Assert.Equal(
            Encoding.UTF8.GetString(Golden("portfolio-1.json")),
            Encoding.UTF8.GetString(writer.Portfolio(portfolio, calculation, GeneratedAt))
        );
    }

    [Theory]
    [InlineData(1, false, false)]
    [InlineData(2, true, false)]
    [InlineData(3, true, true)]
    public void A6_EachSnapshotVersion_IsReadFromItsGoldenBytesAndWrittenTheSame(int version, bool isStale, bool hasNames)
    {
        var payload = Golden($"snapshot-{version}.bin");
        Assert.Equal(version, payload[0]);

        var read = MarketSnapshotCodec.Decode(Header, payload);

        var wanted = Market(isStale, hasNames);
        Assert.Equal(hasNames, read.HasNames);
        Assert.Equal(hasNames ? Names : new string?[Names.Length], read.Assets.Select(a => a.Name));
        Assert.Equal(
            wanted.Assets.Select(a => (a.Id, a.Symbol, a.Currency, a.Price)),
            read.Assets.Select(a => (a.Id, a.Symbol, a.Currency, a.Price))
        );
        Assert.Equal(wanted.Assets.SelectMany(a => a.Fundamentals), read.Assets.SelectMany(a => a.Fundamentals));
        Assert.Equal(wanted.Rates.OrderBy(r => r.Key), read.Rates.OrderBy(r => r.Key));
        Assert.Equal(wanted.Staleness.Prices, read.Staleness.Prices);
        Assert.Equal(wanted.Staleness.Rates, read.Staleness.Rates);
        Assert.Equal(payload, MarketSnapshotCodec.Encode(read));
        Assert.Equal(payload, MarketSnapshotCodec.Encode(wanted));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void D4_CapturedInputs_NameTheWriterOfTheirResult(int version)
    {
        var payload = Golden($"inputs-{version}.bin");
        Assert.Equal(version, payload[0]);

        var read = EventCodec.ReadInputs(payload);

        Assert.Equal(
            (EventCodec.RuleVersion, version, SnapshotId, GeneratedAt),
            (read.RuleVersion, read.WriterVersion, read.SnapshotId, read.GeneratedAt)
        );
        Assert.Equal(Portfolio().Holdings, read.Portfolio.Holdings);
        Assert.Equal(payload, new EventCodec().Inputs(Portfolio(), SnapshotId, GeneratedAt, version));
    }

    [Fact]
    public void D6_BothFormsOfTheStart_AreReadAndWrittenTheSame()
    {
        byte[] salt = [.. Enumerable.Range(1, 16).Select(n => (byte)n)];
        byte[] first = [1, 0x95, 0x02],
            second = [2, 0x95, 0x02, .. salt];

        Assert.Equal(first, new EventCodec().Started(277, []));
        Assert.Equal(second, new EventCodec().Started(277, salt));
        Assert.Equal(277, EventCodec.ReadStarted(first, out var none));
        Assert.True(none.IsEmpty);
        Assert.Equal(277, EventCodec.ReadStarted(second, out var read));
        Assert.Equal(salt, read.ToArray());
    }

    /// <summary>The way of a replay: from stored bytes alone to the stored bytes.</summary>
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 2)]
    [InlineData(2, 3)]
    public void D4_StoredInputsAndSnapshot_GiveTheStoredResultAgain(int writer, int snapshot)
    {
        var inputs = EventCodec.ReadInputs(Golden($"inputs-{writer}.bin"));
        inputs.Portfolio.UserId = UserId;
        var market = MarketSnapshotCodec.Decode(Header, Golden($"snapshot-{snapshot}.bin"));
        var criteria = Criteria();
        Core.Recommendations.Calculation calculation = new();
        calculation.Run(inputs.Portfolio, criteria, market);

        var bytes = new ResultWriter(market, Context, inputs.WriterVersion).Recommendations(
            inputs.Portfolio,
            criteria,
            calculation,
            inputs.GeneratedAt
        );

        // The first form of snapshots has no stale values, which the golden result has.
        if (snapshot > 1)
            Assert.Equal(Golden($"recommendations-{writer}.json"), bytes);
        Assert.Equal(writer > 1, JsonElement.Parse(bytes).TryGetProperty("classes", out _));
    }

    [Fact]
    public void B1_SnapshotWithoutNames_IsWrittenInTheFormWithoutThem()
    {
        Assert.Equal(ResultWriter.WithoutNames, new ResultWriter(Market(isStale: false, hasNames: false), Context).Version);
        Assert.Equal(ResultWriter.LatestVersion, new ResultWriter(Market(isStale: false, hasNames: true), Context).Version);
    }

    [Theory]
    [InlineData(0, true, "Writer version 0 is unknown; this build writes 1 to 2.")]
    [InlineData(3, true, "Writer version 3 is unknown; this build writes 1 to 2.")]
    [InlineData(2, false, "Writer version 2 needs a market snapshot with names.")]
    public void D4_WriterThatCannotBe_IsRefused(int version, bool hasNames, string message)
    {
        var error = Assert.Throws<ArgumentException>(() => new ResultWriter(Market(isStale: false, hasNames), Context, version));

        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A6_DamagedOrLaterForm_IsRefused()
    {
        var (snapshot, inputs) = (Golden("snapshot-3.bin"), Golden("inputs-2.bin"));
        for (var length = 0; length < snapshot.Length; length++)
        {
            var cut = length;
            Assert.Throws<InvalidDataException>(() => MarketSnapshotCodec.Decode(Header, snapshot.AsSpan(0, cut)));
        }
        Assert.Throws<InvalidDataException>(() => MarketSnapshotCodec.Decode(Header, [.. snapshot, 0]));
        Assert.Throws<InvalidDataException>(() => MarketSnapshotCodec.Decode(Header, [4, .. snapshot[1..]]));
        Assert.Throws<InvalidDataException>(() => MarketSnapshotCodec.Decode(Header, [0, .. snapshot[1..]]));
        Assert.Throws<InvalidDataException>(() => EventCodec.ReadInputs([3, .. inputs[1..]]));
        // The second form of the start has 16 random bytes; there is no third.
        Assert.Throws<InvalidDataException>(() => EventCodec.ReadStarted([2, 7]));
        Assert.Throws<InvalidDataException>(() => EventCodec.ReadStarted([2, 7, .. new byte[17]]));
        Assert.Throws<InvalidDataException>(() => EventCodec.ReadStarted([3, 7, .. new byte[16]]));
        Assert.Throws<InvalidDataException>(() => EventCodec.ReadScores([2, .. new byte[16]]));
    }

    [Fact]
    public void B1_EveryVersionHasAGoldenFile()
    {
        var files = Directory.GetFiles(Folder).Select(Path.GetFileName).ToHashSet();

        Assert.All(Enumerable.Range(1, ResultWriter.LatestVersion), v => Assert.Contains($"recommendations-{v}.json", files));
        Assert.All(Enumerable.Range(1, ResultWriter.LatestVersion), v => Assert.Contains($"inputs-{v}.bin", files));
        Assert.All(Enumerable.Range(1, MarketSnapshotCodec.Encode(Market(true, true))[0]), v =>
            Assert.Contains($"snapshot-{v}.bin", files)
        );
    }
}
