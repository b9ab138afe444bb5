using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Notices;

namespace Overnight.Core.Flags;

/// <summary>Tells when warms of flags had more than one error in an hour, whoever began them.</summary>
public sealed class FlagWarmErrorNotices(NpgsqlDataSource database, NoticeOutbox outbox)
{
    private static readonly TimeSpan Window = TimeSpan.FromHours(1);

    /// <summary>Errors of an hour that are not told of.</summary>
    private const int Allowed = 1;

    // An entry that could not be written is an error, and so is a warm that broke. Errors that were told are not counted again. A set that
    // breaks is tried every 10 s, so that the newest rows hold an hour.
    private const string Errors = """
        with told as (select max(created_at) as at from notices where event = $1 and starts_with(subject, $2)),
        tries as (select trigger, completed_at, users_failed + (status = 'failed' and error_details is not null)::int as errors
            from (select * from overnight_job_runs where job_type = 'cache-warm' order by number desc limit 2000) newest
            where metrics ->> 'set' = $3 and completed_at > $4)
        select coalesce(sum(errors), 0)::bigint, max(completed_at), array_agg(distinct trigger order by trigger)
        from tries, told where errors > 0 and (told.at is null or completed_at > told.at)
        """;

    /// <returns>How many errors are told of; 0 when there are too few.</returns>
    public async Task<long> TellAsync(DateTimeOffset now, CancellationToken ct)
    {
        const string subject = $"warm/{FlagWarmSet.SetName}/errors/";
        await using var connection = await database.OpenConnectionAsync(ct);
        long errors;
        DateTimeOffset last;
        string[] triggers;
        await using (var command = connection.Command(Errors, NoticeEvents.WarmErrors, subject, FlagWarmSet.SetName, now - Window))
        {
            await using var reader = await command.ExecuteReaderAsync(ct);
            await reader.ReadAsync(ct);
            errors = reader.GetInt64(0);
            if (errors <= Allowed)
                return 0;
            (last, triggers) = (reader.GetFieldValue<DateTimeOffset>(1), reader.GetFieldValue<string[]>(2));
        }
        // Replicas that find the same errors write one notice.
        Notice notice = new(
            NoticeEvents.WarmErrors,
            $"{subject}{last.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'}",
            new
            {
                Set = FlagWarmSet.SetName,
                Errors = errors,
                Triggers = triggers,
                LastAt = last.UtcDateTime,
                Links = new { Schedule = outbox.Link("/api/admin/schedule") },
            }
        );
        await outbox.WriteAsync(connection, notice, now, ct);
        return errors;
    }
}
