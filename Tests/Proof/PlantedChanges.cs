using Overnight.Jobs.Proof;

namespace Overnight.Tests.Proof;

/// <summary>Changes of what is stored, and by which name each is found.</summary>
internal static class PlantedChanges
{
    public const string OneUser = "(select user_id from calculation_results order by user_id offset 3 limit 1)";

    /// <summary>An erasure that is said to be under way, and to have kept a leaf.</summary>
    public const string OpenErasure = """
        with e as (insert into erasures (id, user_id, requested_at) values (gen_random_uuid(), gen_random_uuid(), now()) returning id)
        insert into erased_leaves select run_id, number, 0, substr(leaves, 1, 32), true, e.id from run_batches, e where number = 1
        """;

    /// <summary>The seal of a run that is passed off as that of an erasure.</summary>
    public const string SealOfNoErasure = """
        with s as (update seals set market = 'ERASURE' where seq = 1 returning run_id, seq)
        insert into erasures (id, requested_at, completed_at, seal) select run_id, now(), now(), seq from s
        """;

    public static readonly (string Change, string Kind)[] All =
    [
        (
            $"update calculation_results set recommendations = set_byte(recommendations, 99, get_byte(recommendations, 99) # 1) where user_id = {OneUser}",
            FaultKind.Changed
        ),
        (
            $"update calculation_results set generated_at = generated_at + interval '1 microsecond' where user_id = {OneUser}",
            FaultKind.Changed
        ),
        ($"update calculation_results set position = 100 where user_id = {OneUser}", FaultKind.Changed),
        ($"update calculation_events set payload = payload || '\\x00' where type = 3 and user_id = {OneUser}", FaultKind.Changed),
        ($"delete from calculation_results where user_id = {OneUser}", FaultKind.Missing),
        (
            $"with u as (select {OneUser} id), e as (delete from calculation_events where user_id = (select id from u)) "
                + "delete from calculation_results where user_id = (select id from u)",
            FaultKind.Missing
        ),
        ("delete from calculation_events where user_id = (select user_id from run_failures order by 1 limit 1)", FaultKind.Missing),
        (
            "insert into calculation_results select user_id, business_date + 1, run_id, batch, position, generated_at, "
                + $"recommendations, portfolio from calculation_results where user_id = {OneUser}",
            FaultKind.Doubled
        ),
        (
            "insert into calculation_results select gen_random_uuid(), business_date, run_id, batch, 99, generated_at, "
                + $"recommendations, portfolio from calculation_results where user_id = {OneUser}",
            FaultKind.Invented
        ),
        (
            "insert into calculation_results select user_id, business_date, gen_random_uuid(), batch, 99, generated_at, "
                + $"recommendations, portfolio from calculation_results where user_id = {OneUser}",
            FaultKind.Invented
        ),
        (
            "insert into calculation_results select f.user_id, business_date, r.run_id, batch, 99, generated_at, "
                + $"recommendations, portfolio from calculation_results r, run_failures f where r.user_id = {OneUser}",
            FaultKind.Invented
        ),
        (
            "insert into calculation_events select business_date, run_id, overlay(user_id::text placing 'ffff' from "
                + $"33)::uuid, type, occurred_at, payload from calculation_events where user_id = {OneUser} and type in (1, 4)",
            FaultKind.Invented
        ),
        ($"delete from calculation_events where type = 3 and user_id = {OneUser}", FaultKind.LostEvent),
        (
            "update calculation_results a set recommendations = b.recommendations, portfolio = b.portfolio, generated_at = "
                + $"b.generated_at from calculation_results b where a.user_id = {OneUser} and b.position = 0 and b.batch = 0",
            FaultKind.Changed
        ),
        ("update market_snapshots set payload = set_byte(payload, 40, get_byte(payload, 40) # 1)", FaultKind.AlteredSnapshot),
        ("update overnight_job_runs set snapshot_id = null where job_type = 'scoring'", FaultKind.AlteredSnapshot),
        ("update market_snapshots set prices_as_of = prices_as_of + interval '1 second'", FaultKind.AlteredSnapshot),
        ($"update criteria_versions set rules = replace(rules::text, '1', '2')::json where user_id = {OneUser}", FaultKind.AlteredCriteria),
        ($"update criteria_versions set hash = sha256('') where user_id = {OneUser}", FaultKind.AlteredCriteria),
        // No result names them.
        (
            "update criteria_versions set rules = replace(rules::text, '1', '2')::json where user_id = (select user_id from run_failures order by 1 limit 1)",
            FaultKind.AlteredCriteria
        ),
        (
            $"with p as (update portfolios set criteria_version = null) delete from criteria_versions where user_id = {OneUser}",
            FaultKind.AlteredCriteria
        ),
        ("update run_batches set root = sha256('') where number = 1", FaultKind.AlteredBatch),
        (
            "update run_batches set leaves = substr(leaves, 33, 32) || substr(leaves, 1, 32) || substr(leaves, 65), root = null where number = 1",
            FaultKind.Swapped
        ),
        ("update run_batches set leaves = substr(leaves, 33) where number = 1", FaultKind.AlteredBatch),
        ("delete from run_batches where number = 1", FaultKind.AlteredBatch),
        ("update overnight_job_runs set revision = 7", FaultKind.Changed),
        ("update overnight_job_runs set status = 'started', completed_at = null", FaultKind.Changed),
        ("delete from seals", FaultKind.SealMissing),
        ("update seals set root = sha256('')", FaultKind.SealAltered),
        ("update seals set sealed_at = sealed_at + interval '1 microsecond'", FaultKind.SealAltered),
        ("update seals set previous = sha256('')", FaultKind.SealAltered),
        ("update seals set run_id = gen_random_uuid()", FaultKind.SealInvented),
        (OpenErasure, FaultKind.UnsealedErasure),
        (SealOfNoErasure, FaultKind.AlteredErasure),
        ("update kept_history set kept_from = current_date", FaultKind.AlteredHorizon),
    ];
}
