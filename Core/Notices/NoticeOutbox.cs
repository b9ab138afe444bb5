using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Data;

namespace Overnight.Core.Notices;

/// <summary>Writes notices in the transaction of what they tell, with a delivery for each target that wants the event.</summary>
public sealed class NoticeOutbox(IOptions<WebhookOptions> options)
{
    /// <summary>How long a delivery is tried.</summary>
    public static readonly TimeSpan RetryFor = TimeSpan.FromDays(1);

    private const string Add = """
        with added as (
            insert into notices (id, subject, event, created_at, body) values ($1, $2, $3, $4, $5)
            on conflict (subject, event) do nothing returning id)
        insert into notice_deliveries (notice_id, target, next_at, retry_until) select id, target, $4, $7 from added, unnest($6) target
        """;

    /// <summary>Writes a notice; nothing when its subject has the event already.</summary>
    /// <returns>The id of a notice that is written.</returns>
    public Task<Guid> WriteAsync(NpgsqlConnection connection, Notice notice, DateTimeOffset at, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(notice);
        var targets = options.Value.Targets.Where(target => target.Value.Wants(notice.Event)).Select(target => target.Key);
        return WriteAsync(connection, notice, targets, at, ct);
    }

    /// <summary>Writes a notice to these targets alone.</summary>
    public static async Task<Guid> WriteAsync(
        NpgsqlConnection connection,
        Notice notice,
        IEnumerable<string> targets,
        DateTimeOffset at,
        CancellationToken ct
    )
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(notice);
        var id = Guid.CreateVersion7(at);
        await using var add = connection.Command(
            Add,
            id,
            notice.Subject,
            notice.Event,
            at,
            notice.Body(at),
            new NpgsqlParameter { Value = targets.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text },
            at + RetryFor
        );
        await add.ExecuteNonQueryAsync(ct);
        return id;
    }

    /// <summary>Whether a target wants the event.</summary>
    public bool IsWanted(string name) => options.Value.Targets.Values.Any(target => target.Wants(name));

    /// <summary>A link for a notice: below the configured address, or the path alone.</summary>
    public string Link(string path) => options.Value.LinkBase is { } start ? $"{start.TrimEnd('/')}{path}" : path;
}
