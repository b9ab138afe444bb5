using Npgsql;
using Overnight.Benchmarks.Reporting;
using Overnight.Core.Runs;

namespace Overnight.Benchmarks.Kill;

/// <summary>
/// Looks at a run's rows every 10 ms, over a connection of its own, and remembers what it saw: what PostgreSQL had told
/// before it was killed must be true afterwards.
/// </summary>
internal sealed class RunRecorder : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10),
        StallLimit = TimeSpan.FromMinutes(2);

    private const string Batches =
        "select number, first_user, last_user, status, completed_at, cached_at is not null from run_batches where run_id = $1";
    private const string Attempts = "select number, started_at from batch_attempts where run_id = $1";
    private const string State = "select completed_at is not null from overnight_job_runs where id = $1";

    private const string Results = """
        select coalesce(string_agg(generated_at::text, ',' order by user_id), '') from calculation_results
        where user_id between $2 and $3 and business_date = $4 and run_id = $1
        """;

    private sealed record DoneBatch(DateTimeOffset BegunAt, string Results);

    private readonly NpgsqlDataSource database;
    private readonly PipelineRun run;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task looking;
    private readonly Lock gate = new();
    private readonly Dictionary<int, DoneBatch> done = [];
    private readonly HashSet<int> recomputed = [];
    private readonly HashSet<(int Number, DateTimeOffset At)> attempts = [];
    private readonly HashSet<int> split = [];
    private bool finished;
    private int uncached;

    public RunRecorder(NpgsqlDataSource database, PipelineRun run)
    {
        (this.database, this.run) = (database, run);
        looking = LookAsync(stopping.Token);
    }

    public bool IsFinished
    {
        get
        {
            lock (gate)
                return finished;
        }
    }

    public int Done
    {
        get
        {
            lock (gate)
                return done.Count;
        }
    }

    /// <summary>Finished, and every batch has its second mark.</summary>
    public bool IsCached
    {
        get
        {
            lock (gate)
                return finished && uncached == 0;
        }
    }

    /// <summary>Batches that were seen done, and later not done, done anew or with other results.</summary>
    public int Recomputed
    {
        get
        {
            lock (gate)
                return recomputed.Count;
        }
    }

    /// <summary>Whether a batch that was begun after this moment is done.</summary>
    public bool IsDoneSince(DateTimeOffset moment)
    {
        lock (gate)
            return done.Values.Any(batch => batch.BegunAt > moment);
    }

    /// <summary>
    /// What was begun between two moments and begun again after the second. What was begun less than a look before PostgreSQL went may
    /// be unseen: 10 ms of work.
    /// </summary>
    public RepeatedWork RepeatedBetween(DateTimeOffset before, KillTimes kill)
    {
        lock (gate)
        {
            var again = attempts.Where(attempt => attempt.At > kill.Gone).Select(attempt => attempt.Number).ToHashSet();
            var lost = attempts
                .Where(attempt =>
                    attempt.At > before && attempt.At <= kill.Gone && (again.Contains(attempt.Number) || split.Contains(attempt.Number))
                )
                .ToList();
            return new(lost.Count, lost.Sum(attempt => Math.Max(0, (kill.At - attempt.At).TotalSeconds)));
        }
    }

    /// <exception cref="BenchmarkException">It does not come to that.</exception>
    public async Task UntilAsync(Func<RunRecorder, bool> condition, string what, Supervisor supervisor, CancellationToken ct)
    {
        var limit = TimeProvider.System.GetUtcNow() + StallLimit;
        while (!condition(this))
        {
            if (looking.IsFaulted)
                await looking;
            supervisor.Check();
            if (TimeProvider.System.GetUtcNow() > limit)
                throw new BenchmarkException(
                    $"Run {run.Id} is not {what} after {StallLimit.TotalMinutes} minutes, with {Done} batches done. {supervisor.LastLines}"
                );
            await Task.Delay(Interval / 2, ct);
        }
    }

    /// <summary>Looks once more at each result of the batches that were seen done.</summary>
    public async Task LookAgainAsync(CancellationToken ct)
    {
        await stopping.CancelAsync();
        await looking;
        await using var connection = await database.OpenConnectionAsync(ct);
        foreach (var batch in await BatchesAsync(connection, ct))
            await SeenAsync(connection, batch, again: true, ct);
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        // What it failed with has been told by whoever waited.
        await Task.WhenAny(looking);
        stopping.Dispose();
    }

    private async Task LookAsync(CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await using var connection = await database.OpenConnectionAsync(ct);
                while (true)
                {
                    await LookOnceAsync(connection, ct);
                    await Task.Delay(Interval, ct);
                }
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (NpgsqlException)
            {
                // PostgreSQL was killed, or is not back yet; whoever waits has the deadline.
                await Task.Delay(Interval, CancellationToken.None);
            }
        }
    }

    private async Task LookOnceAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using (NpgsqlCommand command = new(Attempts, connection) { Parameters = { new() { Value = run.Id } } })
        await using (var reader = await command.ExecuteReaderAsync(ct))
        {
            while (await reader.ReadAsync(ct))
            {
                lock (gate)
                    attempts.Add((reader.GetInt32(0), reader.GetFieldValue<DateTimeOffset>(1)));
            }
        }
        await using NpgsqlCommand state = new(State, connection) { Parameters = { new() { Value = run.Id } } };
        var isFinished = (bool)(await state.ExecuteScalarAsync(ct))!;
        var batches = await BatchesAsync(connection, ct);
        foreach (var batch in batches)
            await SeenAsync(connection, batch, again: false, ct);
        lock (gate)
        {
            split.UnionWith(batches.Where(batch => batch.Status == "split").Select(batch => batch.Number));
            (finished, uncached) = (isFinished, batches.Count(batch => batch is { Status: not "split", IsCached: false }));
        }
    }

    private sealed record BatchRow(int Number, Guid First, Guid Last, string Status, DateTimeOffset? BegunAt, bool IsCached);

    private async Task<List<BatchRow>> BatchesAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using NpgsqlCommand command = new(Batches, connection) { Parameters = { new() { Value = run.Id } } };
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<BatchRow> batches = [];
        while (await reader.ReadAsync(ct))
        {
            batches.Add(
                new(
                    reader.GetInt32(0),
                    reader.GetGuid(1),
                    reader.GetGuid(2),
                    reader.GetString(3),
                    await reader.IsDBNullAsync(4, ct) ? null : reader.GetFieldValue<DateTimeOffset>(4),
                    reader.GetBoolean(5)
                )
            );
        }
        return batches;
    }

    private async Task SeenAsync(NpgsqlConnection connection, BatchRow batch, bool again, CancellationToken ct)
    {
        DoneBatch? before;
        lock (gate)
            before = done.GetValueOrDefault(batch.Number);
        // Its time is its transaction's, which began when the batch was claimed.
        if (before is null ? batch.Status != "done" : batch.BegunAt == before.BegunAt && !again)
            return;
        var results = await ResultsAsync(connection, batch, ct);
        lock (gate)
        {
            if (before is null)
                done.Add(batch.Number, new(batch.BegunAt!.Value, results));
            else if (batch.BegunAt != before.BegunAt || results != before.Results)
                recomputed.Add(batch.Number);
        }
    }

    private async Task<string> ResultsAsync(NpgsqlConnection connection, BatchRow batch, CancellationToken ct)
    {
        await using NpgsqlCommand command = new(Results, connection)
        {
            Parameters =
            {
                new() { Value = run.Id },
                new() { Value = batch.First },
                new() { Value = batch.Last },
                new() { Value = run.BusinessDate },
            },
        };
        return (string)(await command.ExecuteScalarAsync(ct))!;
    }
}
