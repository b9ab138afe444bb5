using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Npgsql;
using Overnight.Core.Data;

namespace Overnight.Api.Audit;

/// <summary>Where a run stands.</summary>
internal sealed record RunProgressItem(Guid Id, string Status, int UsersTotal, int UsersProcessed, int UsersFailed);

/// <summary>Tells how a run gets on, by server-sent events: its counts whenever they change, until it is finished.</summary>
internal sealed class RunLive(NpgsqlDataSource database, IHostApplicationLifetime lifetime, TimeProvider time)
{
    /// <summary>Time between looks at the run's row, whose counts are written twice a second at most.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>A longer stream ends; the browser then asks again, and its session is checked again.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    private const string Query =
        "select status, users_total, users_processed, users_failed from overnight_job_runs where id = $1 and job_type = 'scoring'";

    /// <returns>Null when there is no such run.</returns>
    public Task<RunProgressItem?> ReadAsync(Guid id, CancellationToken ct) =>
        DatabaseRetry.ReadAsync(async () =>
        {
            await using var command = database.Command(Query, id);
            await using var reader = await command.ExecuteReaderAsync(ct);
            return await reader.ReadAsync(ct)
                ? new RunProgressItem(id, reader.GetString(0), reader.GetInt32(1), reader.GetInt32(2), reader.GetInt32(3))
                : null;
        });

    /// <param name="first">The first to be told.</param>
    /// <param name="ct">Ends the stream.</param>
    public async IAsyncEnumerable<SseItem<RunProgressItem>> FollowAsync(
        RunProgressItem first,
        [EnumeratorCancellation] CancellationToken ct
    )
    {
        // A node that stops must not wait for those who watch.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct, lifetime.ApplicationStopping);
        var begin = time.GetTimestamp();
        using PeriodicTimer timer = new(Interval, time);
        var told = first;
        yield return Event(told);
        while (told.Status == "started" && time.GetElapsedTime(begin) < Longest && await NextAsync(timer, stop.Token))
        {
            if (await ReadAsync(told.Id, ct) is not { } now || now == told)
                continue;
            told = now;
            yield return Event(told);
        }
    }

    private static SseItem<RunProgressItem> Event(RunProgressItem item) => new(item, item.Status == "started" ? "progress" : "finished");

    private static async Task<bool> NextAsync(PeriodicTimer timer, CancellationToken ct)
    {
        try
        {
            return await timer.WaitForNextTickAsync(ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The client went away, or the node stops: the stream ends.
            return false;
        }
    }
}
