using Npgsql;

namespace Overnight.Auditor;

/// <summary>The result in force of each user is the newest: by business date, then by the order of runs.</summary>
internal static class CurrentCheck
{
    private const string Wrong = """
        select user_id, c.run_id, n.run_id from current_results c
        full join (select distinct on (r.user_id) r.user_id, r.business_date, r.run_id from calculation_results r
            join overnight_job_runs j on j.id = r.run_id and j.business_date = r.business_date
            order by r.user_id, r.business_date desc, j.number desc) n using (user_id)
        where c.run_id is distinct from n.run_id or c.business_date is distinct from n.business_date order by user_id limit 1000
        """;

    public static async Task RunAsync(NpgsqlConnection connection, AuditReport report, CancellationToken ct)
    {
        await using var command = connection.Command(Wrong);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            report.Add(
                FindingName.WrongCurrent,
                $"user {reader.GetGuid(0)}: in force is {Name(reader.GetValue(1))}, the newest is {Name(reader.GetValue(2))}."
            );
    }

    private static string Name(object run) => run is Guid id ? $"run {id}" : "none";
}
