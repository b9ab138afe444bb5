namespace Overnight.Api.Account;

/// <summary>
/// What becomes in an export of each column that is erased with a user, beside those that <see cref="OwnRows"/> has as they are: where it
/// is in another form, or why it is left out. A test compares it with the tables, so that no column is left out without a thought for it.
/// </summary>
internal static class ExportOmissions
{
    /// <summary>Columns that are in the export in another form, by the files that have them.</summary>
    public static readonly (string Files, string[] Columns)[] InAnotherForm =
    [
        ("sessions: in the years of .NET", ["sessions.expires_at"]),
        (
            "results/*.json, named by date and run, and results.csv",
            [
                "calculation_results.business_date",
                "calculation_results.generated_at",
                "calculation_results.portfolio",
                "calculation_results.recommendations",
                "calculation_results.run_id",
            ]
        ),
        (
            "calculations/*.json, with each event in full",
            [
                "calculation_events.business_date",
                "calculation_events.occurred_at",
                "calculation_events.payload",
                "calculation_events.run_id",
                "calculation_events.type",
                "run_failures.occurred_at",
                "run_failures.reason",
                "run_failures.run_id",
                "run_failures.stage",
            ]
        ),
    ];

    /// <summary>Columns that are left out, and why.</summary>
    public static readonly (string Reason, string[] Columns)[] LeftOut =
    [
        (
            "The id of the user, which account has.",
            [
                "asset_classes.user_id",
                "calculation_events.user_id",
                "calculation_results.user_id",
                "criteria_versions.user_id",
                "current_results.user_id",
                "failing_users.user_id",
                "holdings.user_id",
                "person_refs.user_id",
                "portfolios.user_id",
                "result_reads.user_id",
                "run_failures.user_id",
                "sessions.user_id",
                "user_markets.user_id",
                "user_passwords.user_id",
                "cache_truth.last_user",
                "erp.opportunities.owner_id",
                "erasures.user_id",
                "feature_flag_changes.changed_by",
                "feature_flags.updated_by",
                "run_batches.first_user",
                "run_batches.last_user",
                "warm_progress.reached",
            ]
        ),
        ("A secret, against which passwords could be tried.", ["user_passwords.password_hash"]),
        ("The change of a password is one of actions.", ["user_passwords.changed_at"]),
        ("Whoever is banned or deleted can't sign in, and so can't export.", ["users.banned_at", "users.deleted_at"]),
        ("Stands for the user in the action log, whose rows are actions.", ["person_refs.id"]),
        ("Of another person: who opened the result.", ["result_reads.reader_ref"]),
        (
            "A number that orders rows, or a place in a batch.",
            ["result_reads.number", "calculation_results.batch", "calculation_results.position"]
        ),
        ("A hash of columns that are exported.", ["criteria_versions.hash"]),
        ("The newest of the results, which are all there.", ["current_results.business_date", "current_results.run_id"]),
        (
            "What the pipeline notes for those who look into failures, in its own words; the user is told stage and reason.",
            [
                "failing_users.detail",
                "failing_users.failures",
                "failing_users.inputs",
                "failing_users.market",
                "failing_users.quarantined_at",
                "failing_users.reason",
                "failing_users.run_id",
                "failing_users.since",
                "failing_users.stage",
                "overnight_job_runs.error_details",
                "run_failures.detail",
                "run_failures.quarantined",
            ]
        ),
        ("Derived from the results, which are all there.", ["asset_postings.positions"]),
        ("Hashes of sessions, while an erasure is under way.", ["erasures.session_hashes"]),
    ];
}
