using Npgsql;
using Overnight.Benchmarks.Pipeline;
using Overnight.Benchmarks.Reporting;
using Overnight.Core.Runs;

namespace Overnight.Benchmarks.Kill;

/// <summary>Nights with kills in them. Nobody tells jobs about a kill, or what to do after it: that is the point.</summary>
internal sealed class KillRunner(KillSettings settings, Supervisor supervisor, NpgsqlDataSource database, RunStore runs)
{
    /// <summary>A kill at a random moment comes up to this long after the batches that are let pass.</summary>
    private static readonly TimeSpan RandomDelay = TimeSpan.FromMilliseconds(500);

    private readonly Random random = new(settings.Seed);

    /// <summary>As many nights as the kills of a series need.</summary>
    public async Task<List<KilledRun>> RunAsync(KillSeries series, CancellationToken ct)
    {
        List<KilledRun> nights = [];
        for (var made = 0; made < series.Kills; made = nights.Sum(night => night.Kills.Count))
        {
            var night = await RunPipelineAsync(series, made, Math.Min(settings.KillsPerNight, series.Kills - made), ct);
            if (night.Kills.Count == 0)
                throw new BenchmarkException(
                    "A night was over before its first kill: take more users (--users) or smaller batches (--batch)."
                );
            nights.Add(night);
        }
        return nights;
    }

    private async Task<KilledRun> RunPipelineAsync(KillSeries series, int before, int kills, CancellationToken ct)
    {
        var run = await runs.StartPipelineAsync(again: true, ct);
        // After the run's row: a night that is due by the calendar joins it.
        supervisor.StartJobsOnce();
        await using RunRecorder watch = new(database, run);
        List<KillTimes> made = [];
        for (var number = 0; number < kills; number++)
        {
            var place = series.At[(before + number) % series.At.Count];
            var first = number == 0;
            // The first at a random moment may come while the run is still being planned.
            var pass = first && place == KillSeries.Random ? 0 : watch.Done + random.Next(KillSettings.Spread) + (first ? 1 : settings.Gap);
            await watch.UntilAsync(night => night.Done >= pass || night.IsFinished, "going on", supervisor, ct);
            if (await KillAsync(series.Victim, place, watch, ct) is not { } kill)
                break;
            made.Add(kill);
        }
        await watch.UntilAsync(night => night.IsCached, "finished and cached", supervisor, ct);
        await watch.LookAgainAsync(ct);
        var defects = await RunDefects.FindAsync(
            database,
            supervisor.Cache,
            run,
            settings.Users,
            series.Victim == Victim.Cache ? made.LastOrDefault()?.Gone : null,
            ct
        );
        return new(
            made,
            [.. made.Select((kill, index) => watch.RepeatedBetween(index == 0 ? DateTimeOffset.MinValue : made[index - 1].Gone, kill))],
            watch.Recomputed,
            defects
        );
    }

    /// <returns>Null when the night was over before.</returns>
    private async Task<KillTimes?> KillAsync(Victim victim, string place, RunRecorder watch, CancellationToken ct)
    {
        if (place == KillSeries.Random)
            await Task.Delay(RandomDelay * random.NextDouble(), ct);
        if (watch.IsFinished)
            return null;
        var killed =
            place == KillSeries.Random ? await supervisor.KillNowAsync(victim, ct) : await supervisor.KillAtAsync(victim, place, watch, ct);
        if (killed is not { } kill)
            return null;
        await supervisor.RestartAsync(victim, ct);
        await watch.UntilAsync(night => night.IsDoneSince(kill.Gone) || night.IsFinished, "going on", supervisor, ct);
        return new(kill.At, kill.Gone, (TimeProvider.System.GetUtcNow() - kill.At).TotalSeconds);
    }
}
