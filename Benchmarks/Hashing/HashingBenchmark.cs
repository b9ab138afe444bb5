using Npgsql;
using Overnight.Benchmarks.Pipeline;
using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;
using Overnight.Core.Auditing;
using Overnight.Core.Data;
using Overnight.Core.Proof;
using Overnight.Jobs.Pipeline;
using Overnight.Jobs.Proof;

namespace Overnight.Benchmarks.Hashing;

/// <summary>
/// Nights, and after each the hashing of its very rows by the pipeline's own code, alone and in this process: Jobs has no switch that would
/// leave it out. A night without hashing is taken to be the night less that.
/// </summary>
internal static class HashingBenchmark
{
    private const double Limit = 1.08;

    private const string Batches = """
        select r.number, r.market, r.business_date, r.revision, r.id, b.first_user, b.last_user, b.root from run_batches b
        join overnight_job_runs r on r.id = b.run_id where b.status = 'done'
            and r.number = (select max(number) from overnight_job_runs where job_type = 'scoring') order by b.number
        """;

    private sealed record HashedBatch(VerifiedRun Run, Guid First, Guid Last, byte[] Root);

    private sealed record Round(double NightSeconds, double HashingSeconds)
    {
        public double Ratio => NightSeconds / (NightSeconds - HashingSeconds);
    }

    public static async Task<int> RunAsync(HashingSettings settings, CancellationToken ct)
    {
        await using var bench = new Workbench();
        var postgres = await bench.StartPostgresAsync(ct);
        var cache = await bench.StartCacheAsync(settings.Cache, ct);
        await using var database = await DemoDatabase.CreateAsync(postgres, settings.Users, ct);
        List<Round> rounds = [];
        await using var service = await JobsService.StartAsync(bench, postgres, cache, database, null, ct);
        for (var number = 0; number <= settings.Rounds; number++)
        {
            if (number > 0)
                await DemoDatabase.SettleAsync(database, ct);
            var before = service.CpuSeconds;
            await service.RunPipelineAsync(again: number > 0, ct);
            if (service.CpuSeconds - before is not { } night)
                throw new BenchmarkException("This system does not tell the processor seconds of a process; there is no figure.");
            var hashing = await HashAsync(database, ct);
            Report.Step($"Night {number}: {night:N2} s of processors, its hashes {hashing:N2} s.");
            // The first finds code cold, in both.
            if (number > 0)
                rounds.Add(new(night, hashing));
        }
        await service.StopAsync();
        return Tell(settings, rounds);
    }

    /// <summary>Hashes the newest night, and compares the roots with the stored ones, so that what is timed is what Jobs did.</summary>
    private static async Task<double> HashAsync(NpgsqlDataSource database, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        StoredCalculations stored = new(connection);
        BatchLeaves leaves = new();
        EventCodec events = new();
        var time = TimeSpan.Zero;
        foreach (var batch in await BatchesAsync(connection, ct))
        {
            await stored.LoadAsync(batch.Run, batch.First, batch.Last, ct);
            var hashes = await CriteriaAsync(connection, stored.All, ct);
            var started = stored.All.Select(one => events.Started(0, one.Salt)).ToList();
            var begin = Environment.CpuUsage.TotalTime;
            leaves.Clear();
            foreach (var one in stored.All)
            {
                leaves.Event(stored.EventsOf(one));
                leaves.EndEvents();
            }
            for (var number = 0; number < stored.All.Count; number++)
            {
                var one = stored.All[number];
                leaves.Leaf(number, one.User, started[number], stored.ResultOf(one), one.Criteria is { } id ? hashes[id] : []);
            }
            var root = HashTree.Root(leaves.ToArray());
            time += Environment.CpuUsage.TotalTime - begin;
            if (!root.AsSpan().SequenceEqual(batch.Root))
                throw new BenchmarkException($"The hashes of users {batch.First} to {batch.Last} are not those that are stored.");
        }
        return time.TotalSeconds;
    }

    private static async Task<List<HashedBatch>> BatchesAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        List<HashedBatch> batches = [];
        await using var command = connection.Command(Batches);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            batches.Add(
                new(
                    new(
                        reader.GetGuid(4),
                        reader.GetInt64(0),
                        reader.GetString(1),
                        reader.GetFieldValue<DateOnly>(2),
                        reader.GetInt32(3),
                        IsFinished: true,
                        HasSnapshot: true
                    ),
                    reader.GetGuid(5),
                    reader.GetGuid(6),
                    reader.GetFieldValue<byte[]>(7)
                )
            );
        return batches;
    }

    private static async Task<Dictionary<Guid, byte[]>> CriteriaAsync(
        NpgsqlConnection connection,
        IReadOnlyList<StoredCalculation> calculations,
        CancellationToken ct
    )
    {
        Dictionary<Guid, byte[]> hashes = [];
        await using var command = connection.Command(
            "select id, hash from criteria_versions where id = any ($1)",
            calculations.Select(one => one.Criteria).OfType<Guid>().ToArray()
        );
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            hashes.Add(reader.GetGuid(0), reader.GetFieldValue<byte[]>(1));
        return hashes;
    }

    private static int Tell(HashingSettings settings, List<Round> rounds)
    {
        var ratio = Report.Median(rounds.Select(round => round.Ratio));
        var table = Report.Table($"Hashing of a night of {settings.Users:N0} users", "", "night, s", "hashing, s", "ratio");
        for (var number = 0; number < rounds.Count; number++)
            table.Row(
                $"round {number + 1}",
                $"{rounds[number].NightSeconds:N2}",
                $"{rounds[number].HashingSeconds:N3}",
                $"{rounds[number].Ratio:N3}"
            );
        Report.Write(table);
        Threshold[] thresholds = [new("D6", "processor seconds of Jobs, with hashing to without", "x", ratio, Limit)];
        Threshold.Write(thresholds);
        Report.Write(
            new
            {
                Benchmark = "hashing",
                settings.Users,
                NightCpuSeconds = Report.Rounded(Report.Median(rounds.Select(round => round.NightSeconds))),
                HashingCpuSeconds = Report.Rounded(Report.Median(rounds.Select(round => round.HashingSeconds))),
                Ratio = Report.Rounded(ratio),
                Rounds = rounds.Count,
                Spread = Report.Spread(rounds.Select(round => round.Ratio)),
                Thresholds = thresholds.Select(one => one.ToJson()),
            }
        );
        return Array.TrueForAll(thresholds, one => one.IsMet) ? 0 : 1;
    }
}
