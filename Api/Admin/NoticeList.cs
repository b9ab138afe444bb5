using System.Text.Json;
using Npgsql;
using Overnight.Api.Paging;
using Overnight.Core.Actions;
using Overnight.Core.Data;
using Overnight.Core.Notices;

namespace Overnight.Api.Admin;

/// <summary>A notice with its deliveries.</summary>
/// <param name="Number">Ascending in the order of writing.</param>
/// <param name="Subject">What it is about, such as <c>night/NYSE/2026-11-23</c>.</param>
/// <param name="Body">What is sent.</param>
internal sealed record NoticeItem(
    Guid Id,
    long Number,
    string Event,
    string Subject,
    DateTimeOffset CreatedAt,
    JsonElement Body,
    IReadOnlyList<DeliveryItem> Deliveries
);

/// <param name="State">waiting, delivered, or failed: not tried any more.</param>
/// <param name="NextAt">When it is tried next; null unless it waits.</param>
/// <param name="Status">HTTP status of the last answer.</param>
internal sealed record DeliveryItem(
    string Target,
    string State,
    int Attempts,
    DateTimeOffset? NextAt,
    DateTimeOffset? DeliveredAt,
    int? Status,
    string? Error
);

/// <summary>A place in the list, latest first.</summary>
internal readonly record struct NoticeCursor(long Number);

/// <summary>Which notices a client wants to see; all where left out.</summary>
internal readonly record struct NoticeFilter(string? State, string? Event)
{
    public static NoticeFilter Read(string? state, string? @event, QueryErrors errors) =>
        new(errors.OneOf("state", state, "waiting", "delivered", "failed"), errors.OneOf("event", @event, [.. NoticeEvents.All]));
}

/// <summary>Reads notices, and schedules them again.</summary>
internal sealed class NoticeList(NpgsqlDataSource database, TimeProvider time)
{
    private const string Columns = """
        n.id, n.number, n.event, n.subject, n.created_at, n.body, (
            select coalesce(json_agg(json_build_object('target', d.target, 'state', d.state, 'attempts', d.attempts,
                'nextAt', case when d.state = 'waiting' then d.next_at end, 'deliveredAt', d.delivered_at, 'status', d.last_status,
                'error', d.last_error) order by d.target), '[]')::text
            from notice_deliveries d where d.notice_id = n.id)
        """;

    private const string Page = $"""
        select {Columns} from notices n
        where n.number < $1 and ($3::text is null or n.event = $3)
            and ($4::text is null or exists (select from notice_deliveries d where d.notice_id = n.id and d.state = $4))
        order by n.number desc limit $2
        """;

    private const string Again = """
        update notice_deliveries set state = 'waiting', attempts = 0, next_at = $2, retry_until = $3, delivered_at = null
        where notice_id = $1 and ($4::text is null or target = $4)
        """;

    /// <returns>Up to one more than the page asks for.</returns>
    public Task<List<NoticeItem>> ReadAsync(NoticeFilter filter, PageQuery<NoticeCursor> page, CancellationToken ct) =>
        DatabaseRetry.ReadAsync(async () =>
        {
            await using var command = database.Command(
                Page,
                page.After?.Number ?? long.MaxValue,
                page.Limit + 1,
                filter.Event,
                filter.State
            );
            return await ReadAsync(command, ct);
        });

    /// <param name="target">The only target to send it to; null for all it was written for.</param>
    /// <returns>The notice, null when there is none; and whether it is sent to anybody.</returns>
    public Task<(NoticeItem? Notice, bool IsScheduled)> RedeliverAsync(Guid id, string? target, Actor by, CancellationToken ct) =>
        DatabaseRetry.WriteAsync(() => RedeliverOnceAsync(id, target, by, ct));

    private async Task<(NoticeItem? Notice, bool IsScheduled)> RedeliverOnceAsync(Guid id, string? target, Actor by, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await FindAsync(connection, id, ct) is not { } item)
            return (null, false);
        var isScheduled = item.Deliveries.Any(delivery => target is null || delivery.Target == target);
        if (isScheduled)
        {
            await using var again = connection.Command(Again, id, now, now + NoticeOutbox.RetryFor, target);
            await again.ExecuteNonQueryAsync(ct);
        }
        ActionEntry entry = new(by, LoggedAction.Redeliver, isScheduled ? "scheduled" : "no_target")
        {
            Target = $"{id:D}",
            Detail = new
            {
                item.Event,
                item.Subject,
                To = isScheduled ? target : null,
            },
        };
        await ActionLog.WriteAsync(connection, entry, now, ct);
        item = (await FindAsync(connection, id, ct))!;
        await transaction.CommitAsync(ct);
        return (item, isScheduled);
    }

    private static async Task<NoticeItem?> FindAsync(NpgsqlConnection connection, Guid id, CancellationToken ct)
    {
        await using var read = connection.Command($"select {Columns} from notices n where n.id = $1", id);
        return (await ReadAsync(read, ct)).SingleOrDefault();
    }

    private static async Task<List<NoticeItem>> ReadAsync(NpgsqlCommand command, CancellationToken ct)
    {
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<NoticeItem> items = [];
        while (await reader.ReadAsync(ct))
        {
            items.Add(
                new(
                    reader.GetGuid(0),
                    reader.GetInt64(1),
                    reader.GetString(2),
                    reader.GetString(3),
                    reader.GetFieldValue<DateTimeOffset>(4),
                    JsonElement.Parse(reader.GetFieldValue<byte[]>(5)),
                    JsonSerializer.Deserialize<List<DeliveryItem>>(reader.GetString(6), JsonSerializerOptions.Web)!
                )
            );
        }
        return items;
    }
}
