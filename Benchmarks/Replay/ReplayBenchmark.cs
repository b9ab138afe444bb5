using System.Diagnostics;
using Npgsql;
using Overnight.Benchmarks.Pipeline;
using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;
using Overnight.Core.Data;
using Overnight.Core.Recommendations;
using Overnight.Jobs.Proof;

namespace Overnight.Benchmarks.Replay;

/// <summary>
/// Several nights, one of them by rules of a later version, then each replayed from what was captured. That a difference would be seen is
/// shown by replaying that night without its rules, which must differ.
/// </summary>
internal static class ReplayBenchmark
{
    /// <summary>Differences that are printed.</summary>
    private const int Named = 5;

    private const int Control = 200;

    private const string Runs = """
        select id, market, business_date, revision, correlation_id from overnight_job_runs where job_type = 'scoring' order by number
        """;

    private sealed record Night(Guid Run, ResultContext Context);

    public static async Task<int> RunAsync(ReplaySettings settings, CancellationToken ct)
    {
        await using var bench = new Workbench();
        var postgres = await bench.StartPostgresAsync(ct);
        var cache = await bench.StartCacheAsync(settings.Cache, ct);
        await using var database = await DemoDatabase.CreateAsync(postgres, settings.Users, ct, settings.Seed);
        await using (var service = await JobsService.StartAsync(bench, postgres, cache, database, null, ct))
        {
            for (var number = 1; number <= settings.Nights; number++)
            {
                if (number > 1)
                    await ChangedInputs.MakeAsync(database, settings.Seed + number, ct);
                await service.RunPipelineAsync(again: number > 1, ct);
                Report.Step($"Night {number} of {settings.Nights}.");
                if (number == 2)
                {
                    var later = (await NightsAsync(database, ct))[1];
                    var count = await LaterRules.RewriteAsync(database, later.Run, later.Context, ct);
                    Report.Step($"Its {count:N0} calculations are stored by the rules of version {LaterRules.Version}.");
                }
            }
            await service.StopAsync();
        }
        return await ReplayAsync(settings, database, ct);
    }

    private static async Task<int> ReplayAsync(ReplaySettings settings, NpgsqlDataSource database, CancellationToken ct)
    {
        var nights = await NightsAsync(database, ct);
        StoredReplay replay = new(database, LaterRules.All);
        var named = 0;
        var begin = Stopwatch.GetTimestamp();
        foreach (var night in nights)
        {
            await replay.RunAsync(new(Run: night.Run), Tell, ct);
            Report.Step(
                $"Replayed {replay.Replayed:N0} calculations, night {replay.RunCount} of {settings.Nights}: {replay.Differing:N0} differ."
            );
        }
        var seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        StoredReplay without = new(database);
        await without.RunAsync(new(Run: nights[1].Run, Sample: Control), _ => { }, ct);
        Report.Step($"Without the rules of the second night: {without.Differing:N0} of {without.Replayed:N0} differ, as they must.");

        var isWhole = replay.RunCount == settings.Nights && without.Replayed > 0 && without.Differing == without.Replayed;
        var table = Report.Table($"Replay of {settings.Nights} nights of {settings.Users:N0} users", "", "figure");
        table.Row("calculations", $"{replay.Replayed:N0}");
        table.Row("of them differ", $"{replay.Differing:N0}");
        table.Row("calculations per second", $"{replay.Replayed / seconds:N0}");
        Report.Write(table);
        Report.Write(
            new
            {
                Benchmark = "replay",
                settings.Users,
                settings.Nights,
                settings.Seed,
                Calculations = replay.Replayed,
                Differ = replay.Differing,
                Control = new { Calculations = without.Replayed, Differ = without.Differing },
                CalculationsPerSecond = Report.Rounded(replay.Replayed / seconds),
                Seconds = Report.Rounded(seconds),
            }
        );
        return isWhole && replay.Differing == 0 ? 0 : 1;

        void Tell(ReplayedDifference difference)
        {
            if (++named <= Named)
                Report.Step($"{difference}");
        }
    }

    private static async Task<List<Night>> NightsAsync(NpgsqlDataSource database, CancellationToken ct)
    {
        List<Night> nights = [];
        await using var command = database.Command(Runs);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            nights.Add(
                new(reader.GetGuid(0), new(reader.GetString(1), reader.GetFieldValue<DateOnly>(2), reader.GetInt32(3), reader.GetGuid(4)))
            );
        return nights;
    }
}
