using Npgsql;

namespace Overnight.Auditor;

/// <summary>
/// A computed user has one result and events 1 to 4; a failed one has no result, events 1 and 4 and a row in run_failures; a batch that is
/// done has all of its users, and any other none.
/// </summary>
internal static class RunCompletenessCheck
{
    private const string Users = """
        with e as (select user_id, array_agg(type::int order by type) as types from calculation_events
                where business_date = $1 and run_id = $2 group by user_id),
            r as (select user_id, true as is_there from calculation_results where business_date = $1 and run_id = $2),
            f as (select user_id, true as is_there from run_failures where run_id = $2),
            u as (select user_id, coalesce(e.types, '{}') as types, coalesce(r.is_there, false) as has_result,
                coalesce(f.is_there, false) as has_failed from e full join r using (user_id) full join f using (user_id))
        select user_id, types, has_result, has_failed from u
        where not (types = '{1,2,3,4}' and has_result and not has_failed) and not (types = '{1,4}' and not has_result and has_failed)
        order by user_id limit 1000
        """;

    private const string Batches = """
        select b.number, b.status, b.users_processed, b.users_failed,
            (select count(*) from calculation_results r where r.business_date = $1 and r.run_id = $2 and r.batch = b.number
                and r.user_id between b.first_user and b.last_user),
            (select count(distinct position) from calculation_results r where r.business_date = $1 and r.run_id = $2 and r.batch = b.number
                and r.user_id between b.first_user and b.last_user),
            (select count(*) from calculation_events e where e.business_date = $1 and e.run_id = $2 and e.type = 4
                and e.user_id between b.first_user and b.last_user),
            (select count(*) from erased_leaves x where x.run_id = $2 and x.batch = b.number and x.computed),
            (select count(*) from erased_leaves x where x.run_id = $2 and x.batch = b.number)
        from run_batches b where b.run_id = $2 order by b.number
        """;

    private const string Totals = """
        select (select count(*) from calculation_results where business_date = $1 and run_id = $2),
            (select count(*) from calculation_events where business_date = $1 and run_id = $2)
        """;

    // The primary key contains the business date, so a second result of a user and run can only be stored under another date.
    private const string Doubled = """
        select run_id, user_id, count(*) from calculation_results group by run_id, user_id having count(*) > 1 order by 1, 2 limit 1000
        """;

    public static async Task RunAsync(NpgsqlConnection connection, AuditedRun run, AuditReport report, CancellationToken ct)
    {
        await using (var command = connection.Command(Users, run.Day, run.Id))
        await using (var reader = await command.ExecuteReaderAsync(ct))
        {
            while (await reader.ReadAsync(ct))
            {
                var (user, types) = (reader.GetGuid(0), string.Join(',', reader.GetFieldValue<int[]>(1)));
                var (hasResult, hasFailed) = (reader.GetBoolean(2), reader.GetBoolean(3));
                report.Add(
                    Name(types, hasResult, hasFailed),
                    $"user {user} in {run} has the events [{types}], {(hasResult ? "a" : "no")} result and {(hasFailed ? "a" : "no")} failure."
                );
            }
        }
        await using (var command = connection.Command(Totals, run.Day, run.Id))
        await using (var reader = await command.ExecuteReaderAsync(ct))
        {
            await reader.ReadAsync(ct);
            report.Results += reader.GetInt64(0);
            report.Events += reader.GetInt64(1);
        }
        await BatchesAsync(connection, run, report, ct);
    }

    public static async Task DoubledAsync(NpgsqlConnection connection, AuditReport report, CancellationToken ct)
    {
        await using var command = connection.Command(Doubled);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            report.Add(FindingName.DoubledResult, $"user {reader.GetGuid(1)} has {reader.GetInt64(2)} results of run {reader.GetGuid(0)}.");
    }

    private static string Name(string types, bool hasResult, bool hasFailed) =>
        (types, hasResult, hasFailed) switch
        {
            ("1,2,3,4", false, _) => FindingName.MissingResult,
            ("1,4" or "", true, _) => FindingName.InventedResult,
            ("1,4", false, false) => FindingName.LostFailure,
            _ => FindingName.LostEvent,
        };

    private static async Task BatchesAsync(NpgsqlConnection connection, AuditedRun run, AuditReport report, CancellationToken ct)
    {
        await using var command = connection.Command(Batches, run.Day, run.Id);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var (number, status) = (reader.GetInt32(0), reader.GetString(1));
            var (processed, failed) = (reader.GetInt32(2), reader.GetInt32(3));
            var (results, positions, ended) = (reader.GetInt64(4), reader.GetInt64(5), reader.GetInt64(6));
            // An erased user was computed or failed like any other.
            var (erasedResults, erased) = (reader.GetInt64(7), reader.GetInt64(8));
            var name = $"batch {number} of {run}";
            if (status != "done")
            {
                if (results > 0)
                    report.Add(FindingName.HalfBatch, $"{name} is {status} and has {results} results.");
            }
            else if (results + erasedResults != processed || ended + erased != processed + failed)
                report.Add(
                    FindingName.HalfBatch,
                    $"{name} is done with {processed} computed and {failed} failed users, and has {results} results and {ended} ended calculations; {erased} were erased."
                );
            else if (positions != results)
                report.Add(FindingName.DoubledResult, $"{name} has {results} results in {positions} positions.");
        }
    }
}
