using System.Text.Encodings.Web;
using Npgsql;
using Overnight.Core.Data;

namespace Overnight.Jobs.Erasures;

/// <summary>
/// What an erasure does in PostgreSQL but for results: each method is the work of one transaction, and can be repeated. Where nothing else
/// is said, $1 is the user.
/// </summary>
internal static class ErasureSteps
{
    private const string KeepSessions = """
        update erasures set session_hashes = array(select distinct unnest(session_hashes || array(select token_hash from sessions where user_id = $1)))
        where user_id = $1
        """;

    private const string Email = "select email from users where id = $1";

    // $1 is a text of the user's as JSON has it.
    private const string ForgetText = """
        update overnight_job_runs set error_details = replace(error_details::text, $1, 'erased')::json where strpos(error_details::text, $1) > 0
        """;

    private const string ForgetPlaces = """
        with truth as (update cache_truth set last_user = '00000000-0000-0000-0000-000000000000' where last_user = $1),
        runs as (update overnight_job_runs set error_details = replace(error_details::text, $1::text, 'erased')::json
            where strpos(error_details::text, $1::text) > 0),
        flags as (update feature_flags set updated_by = null where updated_by = $1),
        changes as (update feature_flag_changes set changed_by = null where changed_by = $1)
        update warm_progress set reached = null where strpos(reached, $1::text) > 0
        """;

    // Rows that refer to others first. The name is that of the kind in the receipt.
    private static readonly (string Kind, string Delete)[] Account =
    [
        ("sessions", "delete from sessions where user_id = $1"),
        ("passwords", "delete from user_passwords where user_id = $1"),
        ("holdings", "delete from holdings where user_id = $1"),
        ("assetClasses", "delete from asset_classes where user_id = $1"),
        ("portfolios", "delete from portfolios where user_id = $1"),
        ("markets", "delete from user_markets where user_id = $1"),
        ("quarantines", "delete from failing_users where user_id = $1"),
        ("reads", "delete from result_reads where user_id = $1"),
        ("references", "delete from person_refs where user_id = $1"),
        ("accounts", "delete from users where id = $1"),
    ];

    private const string Pending = """
        select run_id, number from run_batches where status = 'pending' and $1 between first_user and last_user
        order by run_id, number for no key update
        """;

    // The nearest users that are left take the place of one at the edge of a range that is still to be computed.
    private const string MovePending = """
        with near as (select b.run_id, b.number,
                case when b.first_user <> $1 then b.first_user
                    else (select u.id from users u where u.id > $1 and u.id <= b.last_user order by u.id limit 1) end as first,
                case when b.last_user <> $1 then b.last_user
                    else (select u.id from users u where u.id < $1 and u.id >= b.first_user order by u.id desc limit 1) end as last
            from run_batches b where b.status = 'pending' and $1 in (b.first_user, b.last_user)),
        nobody as (delete from run_batches b using near n where b.run_id = n.run_id and b.number = n.number and (n.first is null or n.last is null))
        update run_batches b set first_user = n.first, last_user = n.last from near n
        where b.run_id = n.run_id and b.number = n.number and n.first is not null and n.last is not null
        """;

    private const string LockEdges = "select pg_advisory_xact_lock(hashtext('overnight.erasure-edges'))";

    // Of a range that is done, or was split, those who were computed in the run. One of whom nobody is left is the range of no user.
    private const string MoveDone = """
        with near as (select b.run_id, b.number,
                case when b.first_user <> $1 then b.first_user else (select e.user_id from calculation_events e
                    where e.business_date = r.business_date and e.run_id = r.id and e.user_id > $1 and e.user_id <= b.last_user
                    order by e.user_id limit 1) end as first,
                case when b.last_user <> $1 then b.last_user else (select e.user_id from calculation_events e
                    where e.business_date = r.business_date and e.run_id = r.id and e.user_id < $1 and e.user_id >= b.first_user
                    order by e.user_id desc limit 1) end as last
            from run_batches b join overnight_job_runs r on r.id = b.run_id where b.status <> 'pending' and $1 in (b.first_user, b.last_user))
        update run_batches b set first_user = case when n.first is null or n.last is null then '00000000-0000-0000-0000-000000000000' else n.first end,
            last_user = case when n.first is null or n.last is null then '00000000-0000-0000-0000-000000000000' else n.last end
        from near n where b.run_id = n.run_id and b.number = n.number
        """;

    /// <summary>Removes the account and all that a calculation would be made from.</summary>
    public static async Task AccountAsync(NpgsqlConnection connection, Guid user, CancellationToken ct)
    {
        await ExecuteAsync(connection, KeepSessions, ct, user);
        await ForgetTextsAsync(connection, user, ct);
        foreach (var (kind, delete) in Account)
            await CountAsync(connection, user, kind, await ExecuteAsync(connection, delete, ct, user), ct);
    }

    /// <summary>
    /// Takes id and e-mail address out of the error details of failed runs, which may quote them, for example in a message of PostgreSQL.
    /// </summary>
    private static async Task ForgetTextsAsync(NpgsqlConnection connection, Guid user, CancellationToken ct)
    {
        HashSet<string> texts = [$"{user:D}"];
        await using (var find = connection.Command(Email, user))
        {
            // The serializer of .NET escapes more characters than PostgreSQL does, the + of an address among them.
            if (await find.ExecuteScalarAsync(ct) is string email)
                texts.UnionWith([JavaScriptEncoder.Default.Encode(email), JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(email)]);
        }
        foreach (var text in texts)
            await ExecuteAsync(connection, ForgetText, ct, text);
    }

    /// <summary>Waits for plans that were made from the account and are about to be committed; no batch need wait.</summary>
    public static Task PlansAsync(NpgsqlConnection connection, CancellationToken ct) =>
        ExecuteAsync(connection, "lock table run_batches in share mode", ct);

    /// <summary>Waits for workers that may have loaded the user, and moves the edges of ranges that are still to be computed.</summary>
    public static async Task BatchesAsync(NpgsqlConnection connection, Guid user, CancellationToken ct)
    {
        // A batch that is split while it is waited for has parts, which may be worked on by then.
        HashSet<(Guid, int)> locked = [];
        int before;
        do
        {
            before = locked.Count;
            await using var pending = connection.Command(Pending, user);
            await using var reader = await pending.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
                locked.Add((reader.GetGuid(0), reader.GetInt32(1)));
        } while (locked.Count > before);
        await ExecuteAsync(connection, MovePending, ct, user);
    }

    /// <summary>
    /// Moves the edges of ranges that are done, one user at a time: the neighbour of one may be erased, too. PostgreSQL has nothing of the
    /// user then.
    /// </summary>
    public static async Task EdgesAsync(NpgsqlConnection connection, Guid user, DateTimeOffset now, CancellationToken ct)
    {
        await ExecuteAsync(connection, LockEdges, ct);
        await ExecuteAsync(connection, MoveDone, ct, user);
        await ExecuteAsync(connection, "update erasures set emptied_at = $2 where user_id = $1", ct, user, now);
    }

    /// <summary>
    /// Takes the user out of rows that stay; once more at the end, because processes that were at work may have written some since.
    /// </summary>
    public static async Task RestAsync(NpgsqlConnection connection, Guid user, CancellationToken ct)
    {
        await ExecuteAsync(connection, ForgetPlaces, ct, user);
        await CountAsync(
            connection,
            user,
            "reads",
            await ExecuteAsync(connection, "delete from result_reads where user_id = $1", ct, user),
            ct
        );
    }

    /// <summary>Adds to the counts of the receipt, in the transaction that removes. Counts that are sealed stay as they are.</summary>
    public static async Task CountAsync(NpgsqlConnection connection, Guid user, string kind, int rows, CancellationToken ct)
    {
        if (rows > 0)
            await ExecuteAsync(
                connection,
                "update erasures set removed = removed || jsonb_build_object($2::text, coalesce((removed->>$2)::bigint, 0) + $3) where user_id = $1 and seal is null",
                ct,
                user,
                kind,
                rows
            );
    }

    /// <returns>Rows of the statement itself.</returns>
    public static async Task<int> ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken ct, params object[] values)
    {
        await using var command = connection.Command(sql, values);
        return await command.ExecuteNonQueryAsync(ct);
    }
}
