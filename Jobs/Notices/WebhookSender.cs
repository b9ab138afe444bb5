using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Notices;

namespace Overnight.Jobs.Notices;

/// <summary>
/// Sends what waits in the outbox, for one target at a time. An attempt is counted and the next one scheduled before the request, so that a
/// sender that dies has made an attempt, and no two send the same at once. A subject's notices reach a target in their order.
/// </summary>
internal sealed partial class WebhookSender(
    NpgsqlDataSource database,
    WebhookClient client,
    IOptions<WebhookOptions> options,
    TimeProvider time,
    ILogger<WebhookSender> logger
)
{
    /// <summary>Pause after the first attempt, which doubles with each up to the longest. A request's timeout is shorter.</summary>
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(30),
        LongestPause = TimeSpan.FromHours(1);

    // The outer conditions are checked again when another sender has changed the row meanwhile. $3 names one notice; null for all.
    private const string Claim = """
        update notice_deliveries d set attempts = d.attempts + 1, next_at = $1 + least($4 * power(2, least(d.attempts, 10)), $5)
        from notices n
        where n.id = d.notice_id and d.state = 'waiting' and d.next_at <= $1 and (d.notice_id, d.target) = (
            select w.notice_id, w.target from notice_deliveries w join notices o on o.id = w.notice_id
            where w.state = 'waiting' and w.next_at <= $1 and w.target = $2 and ($3::uuid is null or w.notice_id = $3) and not exists (
                select from notice_deliveries e join notices m on m.id = e.notice_id
                where e.target = w.target and e.state = 'waiting' and m.subject = o.subject and m.number < o.number)
            order by o.number limit 1)
        returning d.notice_id, d.target, d.attempts, n.event, n.subject, n.body
        """;

    // Attempts are counted anew when somebody has it sent again: the outcome of an attempt before that does not count any more.
    private const string IsOfAttempt = "notice_id = $1 and target = $2 and state = 'waiting' and attempts = $3";

    private const string Delivered = $"""
        update notice_deliveries set state = 'delivered', delivered_at = $4, last_status = $5, last_error = null where {IsOfAttempt}
        """;

    private const string Failed = $"""
        update notice_deliveries set state = case when next_at > retry_until then 'failed' else 'waiting' end, last_status = $4, last_error = $5
        where {IsOfAttempt}
        returning state
        """;

    private const string GiveUp = """
        update notice_deliveries set state = 'failed', last_error = 'The target is not configured any more.'
        where state = 'waiting' and retry_until < $1 and target <> all ($2)
        """;

    /// <summary>Sends everything that waits for a target and is due.</summary>
    public async Task SendAllAsync(string target, CancellationToken ct)
    {
        while (await SendOneAsync(target, null, ct) is not null) { }
    }

    /// <summary>Gives up what waits longer than a day for targets that are not configured any more.</summary>
    public async Task GiveUpAsync(CancellationToken ct)
    {
        await using var give = database.Command(GiveUp, time.GetUtcNow(), options.Value.Targets.Keys.ToArray());
        await give.ExecuteNonQueryAsync(ct);
    }

    /// <param name="notice">The only notice to send; null for any.</param>
    /// <returns>Null when nothing waits for the target.</returns>
    public async Task<WebhookOutcome?> SendOneAsync(string target, Guid? notice, CancellationToken ct)
    {
        if (await ClaimAsync(target, notice, ct) is not { } claimed)
            return null;
        var outcome = await client.SendAsync(claimed.Target, claimed.Notice, claimed.Body, ct);
        if (outcome.IsDelivered)
            await MarkDeliveredAsync(claimed, outcome, ct);
        else
            await MarkFailedAsync(claimed, outcome, ct);
        return outcome;
    }

    internal async Task<ClaimedDelivery?> ClaimAsync(string target, Guid? notice, CancellationToken ct)
    {
        await using var claim = database.Command(
            Claim,
            time.GetUtcNow(),
            target,
            new NpgsqlParameter { Value = (object?)notice ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Uuid },
            FirstPause,
            LongestPause
        );
        await using var reader = await claim.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct))
            return null;
        return new(
            reader.GetGuid(0),
            reader.GetString(1),
            reader.GetInt32(2),
            reader.GetString(3),
            reader.GetString(4),
            reader.GetFieldValue<byte[]>(5)
        );
    }

    private async Task MarkDeliveredAsync(ClaimedDelivery claimed, WebhookOutcome outcome, CancellationToken ct)
    {
        await using var mark = database.Command(
            Delivered,
            claimed.Notice,
            claimed.Target,
            claimed.Attempt,
            time.GetUtcNow(),
            outcome.Status
        );
        await mark.ExecuteNonQueryAsync(ct);
        Log.Delivered(logger, claimed.Event, claimed.Subject, claimed.Target, claimed.Attempt);
    }

    private async Task MarkFailedAsync(ClaimedDelivery claimed, WebhookOutcome outcome, CancellationToken ct)
    {
        await using var mark = database.Command(Failed, claimed.Notice, claimed.Target, claimed.Attempt, outcome.Status, outcome.Error);
        if (await mark.ExecuteScalarAsync(ct) is "failed")
            Log.GivenUp(logger, claimed.Event, claimed.Subject, claimed.Target, claimed.Attempt, outcome.Error!);
        else if (claimed.Attempt == 1)
            Log.Failed(logger, claimed.Event, claimed.Subject, claimed.Target, outcome.Error!);
    }

    private static partial class Log
    {
        [LoggerMessage(
            751,
            LogLevel.Debug,
            "Webhook {Target} was told {Event} of {Subject}, at attempt number {Attempt}.",
            EventName = "NoticeDelivered"
        )]
        public static partial void Delivered(ILogger logger, string @event, string subject, string target, int attempt);

        [LoggerMessage(
            752,
            LogLevel.Warning,
            "Webhook {Target} could not be told {Event} of {Subject}; it is tried again for a day, after pauses that double. {Reason}",
            EventName = "NoticeFailed"
        )]
        public static partial void Failed(ILogger logger, string @event, string subject, string target, string reason);

        [LoggerMessage(
            753,
            LogLevel.Error,
            "Webhook {Target} was not told {Event} of {Subject}, and is not tried again after attempt {Attempt}. {Reason}",
            EventName = "NoticeGivenUp"
        )]
        public static partial void GivenUp(ILogger logger, string @event, string subject, string target, int attempt, string reason);
    }
}

/// <summary>A delivery that this sender attempts.</summary>
internal sealed record ClaimedDelivery(Guid Notice, string Target, int Attempt, string Event, string Subject, byte[] Body);
