using Npgsql;

namespace Overnight.Auditor;

/// <summary>The result in force of each user is the newest: by business date, then by the order of runs.</summary>
internal static class CurrentCheck
{
    // Results are found by their key, user by user, so that the time it takes does not grow with the days that are kept.
    private const string Wrong = """
        select c.user_id, c.run_id, n.run_id from current_results c left join lateral (
            select r.run_id, r.business_date from calculation_results r
            join overnight_job_runs j on j.id = r.run_id and j.business_date = r.business_date
            where r.user_id = c.user_id and r.business_date >= c.business_date
            order by r.business_date desc, j.number desc limit 1) n on true
        where (n.run_id is distinct from c.run_id or n.business_date is distinct from c.business_date)
            and c.business_date < $1 is not true order by c.user_id limit 1000
        """;

    private const string Missing = """
        select r.user_id, null::uuid, r.run_id from calculation_results r where r.business_date = $1 and r.run_id = $2
            and not exists (select from current_results c where c.user_id = r.user_id) order by r.user_id limit 1000
        """;

    /// <summary>Checks the results in force.</summary>
    /// <param name="kept">The first day that is kept; null for all.</param>
    public static async Task RunAsync(NpgsqlConnection connection, DateOnly? kept, AuditReport report, CancellationToken ct)
    {
        await using var command = connection.Command(Wrong, DatabaseAudit.OrNull(kept));
        await AddAsync(command, report, ct);
    }

    /// <summary>Names users of a run who have no result in force at all.</summary>
    public static async Task RunAsync(NpgsqlConnection connection, AuditedRun run, AuditReport report, CancellationToken ct)
    {
        await using var command = connection.Command(Missing, run.Day, run.Id);
        await AddAsync(command, report, ct);
    }

    private static async Task AddAsync(NpgsqlCommand command, AuditReport report, CancellationToken ct)
    {
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            report.Add(
                FindingName.WrongCurrent,
                $"user {reader.GetGuid(0)}: in force is {Name(reader.GetValue(1))}, the newest is {Name(reader.GetValue(2))}."
            );
    }

    private static string Name(object run) => run is Guid id ? $"run {id}" : "none";
}
