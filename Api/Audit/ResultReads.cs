using System.Text.Json.Serialization;
using Npgsql;
using Overnight.Api.Paging;
using Overnight.Core.Actions;
using Overnight.Core.Data;

namespace Overnight.Api.Audit;

/// <summary>Somebody else opened one of a user's results.</summary>
/// <param name="Reader">admin: an administrator; admin-key: a program with the admin key; command: an operator's <c>jobs why</c>.</param>
internal sealed record ResultReadItem(
    [property: JsonIgnore] long Number,
    DateTimeOffset ReadAt,
    string Reader,
    Guid RunId,
    DateOnly BusinessDate,
    CalculationLinks Links
);

/// <summary>Records who else opened a user's results, and shows it to the user.</summary>
internal sealed partial class ResultReads(NpgsqlDataSource database, TimeProvider time, ILogger<ResultReads> logger)
{
    internal const string OfUser =
        "select number, read_at, reader, run_id, business_date from result_reads where user_id = $1 and number < $2 order by number desc limit $3";

    /// <summary>Records that a calculation is about to be shown; users who open their own are not recorded.</summary>
    /// <returns>False when it could not be recorded, so that it must not be shown.</returns>
    public Task<bool> TryRecordAsync(CalculationDetail opened, Actor by, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(opened);
        return TryRecordAsync(opened.UserId, opened.RunId, opened.BusinessDate, by, ct);
    }

    /// <inheritdoc cref="TryRecordAsync(CalculationDetail, Actor, CancellationToken)"/>
    public async Task<bool> TryRecordAsync(Guid user, Guid run, DateOnly businessDate, Actor by, CancellationToken ct)
    {
        if (by.UserId == user)
            return true;
        try
        {
            await ResultReadLog.WriteAsync(database, user, run, businessDate, by, time.GetUtcNow(), ct);
            return true;
        }
        catch (NpgsqlException exception)
        {
            // Whatever the reason, an unrecorded read is refused.
            Log.NotRecorded(logger, exception.Message);
            return false;
        }
    }

    /// <returns>Up to one more than the page asks for, latest first.</returns>
    public async Task<List<ResultReadItem>> ListAsync(Guid user, PageQuery<ReadCursor> page, CancellationToken ct)
    {
        await using var command = database.Command(OfUser, user, page.After?.ReadNumber ?? long.MaxValue, page.Limit + 1);
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<ResultReadItem> reads = [];
        while (await reader.ReadAsync(ct))
        {
            var run = reader.GetGuid(3);
            reads.Add(
                new(
                    reader.GetInt64(0),
                    reader.GetFieldValue<DateTimeOffset>(1),
                    reader.GetString(2),
                    run,
                    reader.GetFieldValue<DateOnly>(4),
                    CalculationLinks.Of(run, user)
                )
            );
        }
        return reads;
    }

    private static partial class Log
    {
        [LoggerMessage(322, LogLevel.Warning, "An administrator's read of a result could not be recorded and was refused. {Reason}")]
        public static partial void NotRecorded(ILogger logger, string reason);
    }
}
