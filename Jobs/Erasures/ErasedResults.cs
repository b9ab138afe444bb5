using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Proof;

namespace Overnight.Jobs.Erasures;

/// <summary>Removes what runs computed of a user, and keeps the hashes, so that everybody else's calculations are still proven.</summary>
internal static class ErasedResults
{
    private const string Runs = """
        select r.id, r.business_date from overnight_job_runs r where r.job_type = 'scoring' and (exists (select from run_failures f
            where f.run_id = r.id and f.user_id = $1) or exists (select from calculation_events e
            where e.business_date = r.business_date and e.run_id = r.id and e.user_id = $1)) order by r.number
        """;

    // Locks the run's row before its batches, in the order of RunFinaliser, so that the two can't deadlock.
    private const string LockRun = "select 1 from overnight_job_runs where id = $1 for no key update";

    private const string IsThere = """
        select exists (select from run_failures where run_id = $1 and user_id = $3)
            or exists (select from calculation_events where business_date = $2 and run_id = $1 and user_id = $3)
        """;

    private const string LockBatch = """
        select number, first_user, leaves from run_batches
        where run_id = $1 and status = 'done' and $2 between first_user and last_user for no key update
        """;

    private const string Before = """
        select count(distinct user_id)::int from calculation_events
        where business_date = $1 and run_id = $2 and user_id >= $3 and user_id < $4
        """;

    private const string Position = "select position from calculation_results where user_id = $1 and business_date = $2 and run_id = $3";

    private const string Keep = """
        insert into erased_leaves (run_id, batch, leaf, hash, computed, erasure_id) select $1, $2, $3, $4, $5, id from erasures where user_id = $6
        """;

    // Bit n of a bitmap is PostgreSQL's bit n, too: both count from the lowest of each byte.
    private const string ClearBits = """
        update asset_postings p set positions = set_bit(p.positions, $4, 0) from assets a where p.asset_id = a.id and p.business_date = $1
            and p.run_id = $2 and p.batch = $3 and octet_length(p.positions) * 8 > $4 and get_bit(p.positions, $4) = 1
        """;

    private const string Failure = "select detail from run_failures where run_id = $1 and user_id = $2";

    private const string ForgetExample = """
        update overnight_job_runs set error_details = jsonb_set(error_details::jsonb, '{failures}', (select jsonb_agg(
                case when f->>'example' = $2 then f - 'example' else f end) from jsonb_array_elements(error_details::jsonb->'failures') f))::json
        where id = $1 and strpos((error_details::jsonb->'failures')::text, to_json($2::text)::text) > 0
        """;

    /// <summary>
    /// Removes what all runs computed of the user, and the criteria that it was computed from, which verification needs as long as it is
    /// there.
    /// </summary>
    public static async Task RemoveAsync(NpgsqlConnection connection, Guid user, CancellationToken ct)
    {
        foreach (var (run, day) in await RunsAsync(connection, user, ct))
            await RemoveAsync(connection, run, day, user, ct);
        await DeleteAsync(connection, "criteria", "delete from criteria_versions where user_id = $1", user, ct);
    }

    private static async Task<List<(Guid Run, DateOnly Day)>> RunsAsync(NpgsqlConnection connection, Guid user, CancellationToken ct)
    {
        List<(Guid, DateOnly)> runs = [];
        await using var command = connection.Command(Runs, user);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            runs.Add((reader.GetGuid(0), reader.GetFieldValue<DateOnly>(1)));
        return runs;
    }

    /// <summary>Removes what one run computed of the user.</summary>
    private static async Task RemoveAsync(NpgsqlConnection connection, Guid run, DateOnly day, Guid user, CancellationToken ct)
    {
        await ErasureSteps.ExecuteAsync(connection, LockRun, ct, run);
        // Another process may have done it since the runs were read.
        if (await ScalarAsync(connection, IsThere, ct, run, day, user) is false)
            return;
        if (await BatchAsync(connection, run, user, ct) is var (batch, first, leaves))
        {
            var position = await ScalarAsync(connection, Position, ct, user, day, run) as short?;
            var before = (int)(await ScalarAsync(connection, Before, ct, day, run, first, user))!;
            var leaf = await LeafAsync(connection, run, batch, before, ct);
            object hash =
                leaves is not null && leaves.Length >= (leaf + 1) * HashTree.Length
                    ? leaves.AsSpan(leaf * HashTree.Length, HashTree.Length).ToArray()
                    : DBNull.Value;
            await ErasureSteps.ExecuteAsync(
                connection,
                Keep,
                ct,
                run,
                batch,
                leaf,
                new NpgsqlParameter { Value = hash, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Bytea },
                position is not null,
                user
            );
            await ErasureSteps.CountAsync(connection, user, ErasureSeal.Leaves, hash is byte[] ? 1 : 0, ct);
            if (position is { } bit)
                await ErasureSteps.ExecuteAsync(connection, ClearBits, ct, day, run, batch, (int)bit);
        }
        if (await ScalarAsync(connection, Failure, ct, run, user) is string detail)
            await ErasureSteps.ExecuteAsync(connection, ForgetExample, ct, run, detail);
        await DeleteAsync(connection, "failures", "delete from run_failures where user_id = $1 and run_id = $2", user, ct, run);
        await DeleteAsync(
            connection,
            "results",
            "delete from calculation_results where user_id = $1 and run_id = $2 and business_date = $3",
            user,
            ct,
            run,
            day
        );
        await DeleteAsync(
            connection,
            "events",
            "delete from calculation_events where user_id = $1 and run_id = $2 and business_date = $3",
            user,
            ct,
            run,
            day
        );
    }

    private static async Task DeleteAsync(
        NpgsqlConnection connection,
        string kind,
        string sql,
        Guid user,
        CancellationToken ct,
        params object[] values
    ) => await ErasureSteps.CountAsync(connection, user, kind, await ErasureSteps.ExecuteAsync(connection, sql, ct, [user, .. values]), ct);

    private static async Task<(int Batch, Guid First, byte[]? Leaves)?> BatchAsync(
        NpgsqlConnection connection,
        Guid run,
        Guid user,
        CancellationToken ct
    )
    {
        await using var command = connection.Command(LockBatch, run, user);
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct)
            ? (reader.GetInt32(0), reader.GetGuid(1), await reader.IsDBNullAsync(2, ct) ? null : reader.GetFieldValue<byte[]>(2))
            : null;
    }

    /// <summary>Leaves are in the order of user ids, and those of users who were erased before keep their places.</summary>
    /// <param name="before">Users with lower ids who are left.</param>
    private static async Task<int> LeafAsync(NpgsqlConnection connection, Guid run, int batch, int before, CancellationToken ct)
    {
        var leaf = before;
        await using var command = connection.Command(
            "select leaf from erased_leaves where run_id = $1 and batch = $2 order by leaf",
            run,
            batch
        );
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            leaf += reader.GetInt32(0) <= leaf ? 1 : 0;
        return leaf;
    }

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql, CancellationToken ct, params object[] values)
    {
        await using var command = connection.Command(sql, values);
        return await command.ExecuteScalarAsync(ct);
    }
}
