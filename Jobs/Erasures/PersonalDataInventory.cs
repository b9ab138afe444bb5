namespace Overnight.Jobs.Erasures;

/// <summary>
/// Every column that can name a person or hold a person's text: what an erasure does to it, or why there is nothing to do. A test
/// compares it with the tables, so that no column is added without a thought for it.
/// </summary>
internal static class PersonalDataInventory
{
    /// <summary>Rows that go with the user; all of their columns.</summary>
    public static readonly string[] RowsThatGo =
    [
        "asset_classes",
        "calculation_events",
        "calculation_results",
        "criteria_versions",
        "current_results",
        "failing_users",
        "holdings",
        "person_refs",
        "portfolios",
        "result_reads",
        "run_failures",
        "sessions",
        "user_markets",
        "user_passwords",
        "users",
    ];

    /// <summary>Columns of rows that stay, from which the user is taken out.</summary>
    public static readonly string[] Emptied =
    [
        "asset_postings.positions",
        "cache_truth.last_user",
        "erp.opportunities.owner_id",
        "erasures.session_hashes",
        "erasures.user_id",
        "feature_flag_changes.changed_by",
        "feature_flags.updated_by",
        "overnight_job_runs.error_details",
        "run_batches.first_user",
        "run_batches.last_user",
        "warm_progress.reached",
    ];

    /// <summary>Columns that name nobody, and why.</summary>
    public static readonly (string Reason, string[] Columns)[] FreeOfPeople =
    [
        (
            "Names people by a reference, which goes with the user.",
            ["action_log.actor_ref", "action_log.subject_ref", "action_log.actor", "action_log.action", "action_log.outcome"]
        ),
        (
            "Ids and keys of what was acted on, counts, settings, and the network of a refused sign-in; whose it was goes with the reference.",
            ["action_log.target", "action_log.detail"]
        ),
        (
            "An id of a run, a batch, a snapshot, a process or an erasure, or a hash that nobody can turn back.",
            [
                "asset_postings.run_id",
                "batch_attempts.run_id",
                "batch_attempts.worker",
                "cache_minutes.node",
                "erased_leaves.erasure_id",
                "erased_leaves.hash",
                "erased_leaves.run_id",
                "erasures.id",
                "market_snapshots.id",
                "notice_deliveries.notice_id",
                "notices.id",
                "nights.run_id",
                "overnight_job_runs.correlation_id",
                "overnight_job_runs.id",
                "overnight_job_runs.retry_of",
                "overnight_job_runs.snapshot_id",
                "overnight_job_runs.traceparent",
                "run_batches.leaves",
                "run_batches.root",
                "run_batches.run_id",
                "seals.hash",
                "seals.previous",
                "seals.root",
                "seals.run_id",
                "seals.snapshot_hash",
                "warm_deadlines.run_id",
                "warm_progress.run_id",
            ]
        ),
        (
            "A hash of a user's id, which has 74 random bits: it recognises the user in a backup from before, and says nothing without the id.",
            ["erasures.user_hash"]
        ),
        (
            "Names of markets, sets, providers, states, kinds and versions, counts and durations.",
            [
                "erasures.removed",
                "erasures.waits_for",
                "market_snapshots.market",
                "nights.market",
                "nights.state",
                "notice_deliveries.state",
                "notices.event",
                "notices.subject",
                "overnight_job_runs.job_type",
                "overnight_job_runs.market",
                "overnight_job_runs.metrics",
                "overnight_job_runs.status",
                "overnight_job_runs.trigger",
                "provider_calls.provider",
                "run_batches.status",
                "schedule_marks.market",
                "seals.market",
                "warm_deadlines.set_name",
                "warm_deadlines.state",
                "warm_progress.marker",
                "warm_progress.set_name",
                "warm_progress.trigger",
            ]
        ),
        ("Counts, times and links of runs, nights and warms, never users.", ["notices.body"]),
        ("What a webhook answered.", ["notice_deliveries.last_error", "notice_deliveries.target"]),
        (
            "Market data, which is nobody's.",
            [
                "assets.*",
                "exchange_rates.*",
                "fundamentals.*",
                "markets.*",
                "market_snapshots.payload",
                "prices.*",
                "asset_postings.asset_id",
            ]
        ),
        (
            "Of an organisation, or made by its administrators for all of its members.",
            ["tenants.*", "feature_flags.*", "feature_flag_changes.*", "schedule_pauses.*"]
        ),
        (
            "Keys of the product and of its processes.",
            ["data_protection_keys.*", "session_signing_key.*", "worker_heartbeats.*", "__EFMigrationsHistory.*"]
        ),
        (
            "Reference data of an organisation: plants, materials, customers and ledgers; its own people are users.",
            [
                "erp.accounts.*",
                "erp.bins.*",
                "erp.currencies.*",
                "erp.customers.*",
                "erp.equipment.*",
                "erp.equipment_readings.*",
                "erp.facilities.*",
                "erp.generations.*",
                "erp.journal_lines.*",
                "erp.kit_components.*",
                "erp.kits.*",
                "erp.locations.*",
                "erp.materials.*",
                "erp.opportunities.stage_code",
                "erp.opportunities.tenant_id",
                "erp.periods.*",
                "erp.pipeline_stages.*",
                "erp.pricing_rules.*",
                "erp.stock.*",
                "erp.vendors.*",
                "erp.work_centers.*",
            ]
        ),
    ];
}
