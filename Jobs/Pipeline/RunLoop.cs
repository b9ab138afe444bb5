using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Runs;
using Overnight.Jobs.Scheduling;

namespace Overnight.Jobs.Pipeline;

/// <summary>
/// The main loop of a replica: learns of runs by notification and by a slow poll, takes part in them, and caches what is stored and
/// not cached.
/// </summary>
internal sealed partial class RunLoop(
    RunParticipant participant,
    RunStore runs,
    NpgsqlDataSource dataSource,
    FirstRun firstRun,
    DueRunStarter schedule,
    DatabaseState database,
    IOptions<RunOptions> options,
    ILogger<RunLoop> logger
) : BackgroundService
{
    private const string Uncached = """
        select distinct b.run_id from run_batches b join overnight_job_runs r on r.id = b.run_id
        where b.status = 'done' and b.cached_at is null and r.completed_at is not null limit 10
        """;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                // Most likely PostgreSQL is away. It rolls back what was under way, and the loop takes it up again.
                if (!database.IsAway(exception))
                    Log.Interrupted(logger, options.Value.PollInterval, exception);
                await Task.Delay(options.Value.PollInterval, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ListenAsync(CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using (NpgsqlCommand listen = new($"listen {RunStore.Channel}", connection))
            await listen.ExecuteNonQueryAsync(ct);
        await firstRun.StartAsync(ct);
        // Starts at once what became due while PostgreSQL was away, instead of at the next full minute.
        await schedule.TickAsync(ct);
        while (true)
        {
            await RunOnceAsync(ct);
            await database.AnsweredAsync(dataSource, ct);
            await connection.WaitAsync(options.Value.PollInterval, ct);
        }
    }

    /// <summary>Takes part in every unfinished run, each in its turn, then caches what waits for the cache.</summary>
    internal async Task RunOnceAsync(CancellationToken ct)
    {
        HashSet<Guid> had = [];
        while (await runs.FindUnfinishedAsync(had, ct) is { } run)
        {
            had.Add(run.Id);
            await InTurnAsync(
                run.Id,
                async () =>
                {
                    if (await participant.WorkAsync(run, ct, async () => await runs.FindUnfinishedAsync(had, ct) is not null))
                        await participant.CacheRestAsync(run.Id, ct);
                },
                ct
            );
        }
        foreach (var id in await UncachedRunsAsync(ct))
            await InTurnAsync(id, () => participant.CacheRestAsync(id, ct), ct);
    }

    private async Task InTurnAsync(Guid run, Func<Task> work, CancellationToken ct)
    {
        try
        {
            await work();
        }
        catch (Exception exception) when (!ct.IsCancellationRequested)
        {
            // One run that can't go on must not hold up the others. When PostgreSQL is away, looking for the next run fails too.
            if (!database.IsAway(exception))
                Log.Left(logger, run, exception);
        }
    }

    private async Task<List<Guid>> UncachedRunsAsync(CancellationToken ct)
    {
        await using var command = dataSource.CreateCommand(Uncached);
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<Guid> ids = [];
        while (await reader.ReadAsync(ct))
            ids.Add(reader.GetGuid(0));
        return ids;
    }

    private static partial class Log
    {
        [LoggerMessage(
            582,
            LogLevel.Warning,
            "Run {RunId} could not go on, and is taken up again when the others had their turn; nothing that was committed is lost or repeated."
        )]
        public static partial void Left(ILogger logger, Guid runId, Exception exception);

        [LoggerMessage(
            581,
            LogLevel.Warning,
            "The night was interrupted and goes on in {Delay}; nothing that was committed is lost or repeated."
        )]
        public static partial void Interrupted(ILogger logger, TimeSpan delay, Exception exception);
    }
}
