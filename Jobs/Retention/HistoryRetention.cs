using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Overnight.Core;
using Overnight.Core.Data;

namespace Overnight.Jobs.Retention;

/// <summary>
/// Keeps history in bounds: creates partitions ahead, drops old months as whole partitions, and removes the rows that belong to
/// them from the small tables. One replica at a time; it can be interrupted at any point, and repeated.
/// </summary>
internal sealed partial class HistoryRetention(
    NpgsqlDataSource dataSource,
    IOptions<RetentionOptions> options,
    TimeProvider time,
    ILogger<HistoryRetention> logger
)
{
    private const string TryLock = "select pg_try_advisory_lock(hashtext('overnight.retention'))";
    private const string Unlock = "select pg_advisory_unlock(hashtext('overnight.retention'))";

    /// <summary>How long before its date a night is due at the earliest, with room.</summary>
    private const int DaysAhead = 7;

    private const string Unfinished =
        "select min(business_date) from overnight_job_runs where completed_at is null and business_date is not null";

    // kept_from only moves forward: raising the number of months does not bring dropped partitions back.
    private const string Keep = "update kept_history set kept_from = greatest(kept_from, $1) where kept_from is null or kept_from < $1";

    /// <param name="isDryRun">Reports what would be done, and changes nothing.</param>
    /// <returns>Null when another process is running retention.</returns>
    public async Task<RetentionReport?> RunOnceAsync(bool isDryRun, CancellationToken ct)
    {
        using var span = Telemetry.Source.StartActivity("retention");
        try
        {
            await using var connection = await dataSource.OpenConnectionAsync(ct);
            if (!await ScalarAsync<bool>(connection, TryLock, ct))
                return null;
            try
            {
                var report = await WorkAsync(connection, isDryRun, ct);
                span?.SetTag("overnight.partitions.made", report.Made.Count)
                    .SetTag("overnight.partitions.dropped", report.Dropped.Count)
                    .SetTag("overnight.partitions.postponed", report.Postponed.Count);
                Tell(report);
                return report;
            }
            finally
            {
                // A pooled connection keeps its session locks and settings when it is closed.
                if (connection.State == System.Data.ConnectionState.Open)
                    await ExecuteAsync(connection, $"{Unlock}; reset lock_timeout", CancellationToken.None);
            }
        }
        catch (Exception exception)
        {
            span?.SetStatus(ActivityStatusCode.Error, exception.Message).SetTag("error.type", exception.GetType().FullName);
            throw;
        }
    }

    private async Task<RetentionReport> WorkAsync(NpgsqlConnection connection, bool isDryRun, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var today = DateOnly.FromDateTime(now.UtcDateTime);
        var thisMonth = new DateOnly(today.Year, today.Month, 1);
        RetentionReport report = new(thisMonth.AddMonths(-options.Value.Months), isDryRun);
        await ExecuteAsync(connection, $"set lock_timeout = {options.Value.LockTimeout.TotalMilliseconds:F0}", ct);

        await MakeAsync(connection, report, thisMonth, ct);
        // Before anything is dropped, so that nobody takes what is missing for lost.
        if (!isDryRun)
            await KeepFromAsync(connection, report.OldestKept, now, ct);
        await DropAsync(connection, report, ct);
        // The rows that belong to a month whose partition had to stay are kept with it.
        var keptFrom = report.Postponed.Count == 0 ? report.OldestKept : await OldestLeftAsync(connection, report.OldestKept, ct);
        await OldRows.DeleteAsync(connection, report, keptFrom, options.Value.DeleteRows, ct);
        DateTimeOffset firstDue = new(keptFrom.AddDays(-DaysAhead), TimeOnly.MinValue, TimeSpan.Zero);
        await OldRows.DeleteReplacedValuesAsync(connection, report, firstDue, options.Value.DeleteRows, ct);
        await OldRows.DeleteAttemptsAsync(connection, report, now - options.Value.Attempts, options.Value.DeleteRows, ct);
        await OldRows.DeleteActionsAsync(connection, report, report.OldestKept, options.Value.DeleteRows, ct);
        await OldRows.DeleteSessionsAsync(connection, report, now - options.Value.Sessions, options.Value.DeleteRows, ct);
        return report;
    }

    private static async Task KeepFromAsync(NpgsqlConnection connection, DateOnly day, DateTimeOffset now, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await ExecuteAsync(connection, Keep, ct, day);
        await RetentionSeal.AppendAsync(connection, day, now, ct);
        await transaction.CommitAsync(ct);
    }

    private async Task MakeAsync(NpgsqlConnection connection, RetentionReport report, DateOnly thisMonth, CancellationToken ct)
    {
        var parents = await NamesAsync(connection, "select partitioned_by_month()", ct);
        var there = (await MonthPartition.ListAsync(connection, ct)).Select(p => p.Name).ToHashSet(StringComparer.Ordinal);
        for (var ahead = 0; ahead <= options.Value.MonthsAhead; ahead++)
        {
            var month = thisMonth.AddMonths(ahead);
            var missing = parents.ConvertAll(parent => $"{parent}_y{month:yyyy}m{month:MM}").FindAll(name => !there.Contains(name));
            if (missing.Count == 0)
                continue;
            try
            {
                if (!report.IsDryRun)
                    await ExecuteAsync(connection, "select ensure_month($1)", ct, month);
                report.Made.AddRange(missing);
            }
            catch (PostgresException busy) when (busy.SqlState == PostgresErrorCodes.LockNotAvailable)
            {
                // Another change of the tables is under way. A month that is needed at once is made by the run itself.
                report.Postponed.AddRange(missing.Select(name => new PostponedPartition(name, "somebody else is changing the tables.")));
            }
        }
    }

    private static async Task<DateOnly> OldestLeftAsync(NpgsqlConnection connection, DateOnly oldestKept, CancellationToken ct)
    {
        var oldest = (await MonthPartition.ListAsync(connection, ct)).FirstOrDefault(p => p.Attached)?.Month ?? oldestKept;
        return oldest < oldestKept ? oldest : oldestKept;
    }

    private async Task DropAsync(NpgsqlConnection connection, RetentionReport report, CancellationToken ct)
    {
        var due = (await MonthPartition.ListAsync(connection, ct)).FindAll(p => p.Month < report.OldestKept);
        if (due.Count == 0)
            return;

        await using (NpgsqlCommand unfinished = new(Unfinished, connection))
        {
            if (await unfinished.ExecuteScalarAsync(ct) is DateOnly date)
            {
                foreach (var partition in due.Where(p => p.Month.AddMonths(1) > date))
                    report.Postponed.Add(new(partition.Name, $"a run for {date:yyyy-MM-dd} is not finished."));
                due.RemoveAll(p => p.Month.AddMonths(1) > date);
                if (due.Count == 0)
                    return;
            }
        }

        // First removes the current results that refer to rows of these partitions.
        await OldRows.ForgetCurrentAsync(connection, report, due[^1].Month.AddMonths(1), options.Value.DeleteRows, ct);
        foreach (var partition in due)
        {
            try
            {
                if (!report.IsDryRun)
                    await partition.DropAsync(connection, ct);
                report.Dropped.Add(new(partition.Name, partition.Bytes));
            }
            catch (PostgresException busy)
                when (busy.SqlState
                        is PostgresErrorCodes.LockNotAvailable
                            or PostgresErrorCodes.DeadlockDetected
                            or PostgresErrorCodes.ObjectInUse
                            or PostgresErrorCodes.ObjectNotInPrerequisiteState
                )
            {
                // A long transaction still uses the table. Others need not wait behind this one, and the next attempt finishes it.
                report.Postponed.Add(new(partition.Name, $"{busy.MessageText}."));
            }
        }
    }

    private void Tell(RetentionReport report)
    {
        if (report.IsDryRun)
            return;
        Telemetry.RetentionDone(report.Made.Count, report.Dropped.Count, report.Postponed.Count);
        Log.Done(logger, IsoDate.Of(report.OldestKept), report.Made.Count, report.Dropped.Count, report.Bytes, report.Rows.Values.Sum());
        foreach (var partition in report.Postponed)
            Log.Postponed(logger, partition.Name, partition.Reason);
    }

    private static async Task<List<string>> NamesAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using NpgsqlCommand command = new(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<string> names = [];
        while (await reader.ReadAsync(ct))
            names.Add(reader.GetString(0));
        return names;
    }

    private static async Task<T> ScalarAsync<T>(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using NpgsqlCommand command = new(sql, connection);
        return (T)(await command.ExecuteScalarAsync(ct))!;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken ct, params object[] values)
    {
        await using var command = connection.Command(sql, values);
        await command.ExecuteNonQueryAsync(ct);
    }

    private static partial class Log
    {
        [LoggerMessage(
            601,
            LogLevel.Information,
            "History is kept from {OldestKept} on. Partitions made ahead: {Made}, dropped: {Dropped} ({Bytes} bytes); rows removed from small tables: {Rows}."
        )]
        public static partial void Done(ILogger logger, string oldestKept, int made, int dropped, long bytes, long rows);

        [LoggerMessage(602, LogLevel.Warning, "Partition {Partition} is put off: {Reason} The next attempt tries again.")]
        public static partial void Postponed(ILogger logger, string partition, string reason);
    }
}
