using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Portfolios;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Pipeline;

/// <summary>
/// Remembers the users whose latest run failed, and why. A user that fails twice in a row for one reason on the same inputs is
/// quarantined: recorded as failed without being computed, until the inputs change. This keeps data that ends its workers from doing so
/// in every run.
/// </summary>
internal static class UserQuarantine
{
    /// <summary>Reasons that lie in what the user owns; for all others the market is part of the inputs.</summary>
    private static readonly string[] OwnReasons = ["no_criteria", "corrupt_criteria", EndedWorker];

    /// <summary>The worker ended while it computed this user, again and again.</summary>
    public const string EndedWorker = "ended_worker";

    private const string Market = "(select md5(payload) from market_snapshots where id = $4)";

    private const string Load = $"""
        select user_id, stage, reason, detail, quarantined_at is not null and inputs = user_inputs(user_id) || case when position(':' in inputs) > 0 then ':' || {Market} else '' end
        from failing_users where user_id between $1 and $2 and market = $3 order by user_id
        """;

    private const string Record = $"""
        insert into failing_users as known (user_id, market, stage, reason, detail, inputs, run_id, since)
        select f.id, $3, f.stage, f.reason, f.detail, user_inputs(f.id) || case when f.reason = any($9) then '' else ':' || {Market} end, $1, $2
        from unnest($5::uuid[], $6::text[], $7::text[], $8::text[]) f (id, stage, reason, detail) where user_inputs(f.id) is not null
        on conflict (user_id, market) do update set stage = excluded.stage, reason = excluded.reason, detail = excluded.detail, inputs = excluded.inputs, run_id = excluded.run_id,
            failures = case when (known.reason, known.inputs) = (excluded.reason, excluded.inputs) then known.failures + 1 else 1 end,
            since = case when (known.reason, known.inputs) = (excluded.reason, excluded.inputs) then known.since else excluded.since end,
            quarantined_at = case when (known.reason, known.inputs) = (excluded.reason, excluded.inputs) then coalesce(known.quarantined_at, excluded.since) end
        """;

    private const string Forget = "delete from failing_users where market = $1 and user_id = any($2)";

    /// <summary>Reads the users of the batch that failed last time, for <see cref="Read"/>.</summary>
    public static NpgsqlBatchCommand LoadCommand(ClaimedBatch batch, RunContext context) =>
        Statement.Of(Load, batch.FirstUser, batch.LastUser, context.Run.Market, context.Market.Header.Id);

    public static QuarantinedUser Read(NpgsqlDataReader reader) =>
        new(
            Enum.TryParse<CalculationStage>(reader.GetString(1), ignoreCase: true, out var stage) ? stage : CalculationStage.Load,
            reader.GetString(2),
            reader.IsDBNull(3) ? "" : reader.GetString(3),
            reader.GetBoolean(4)
        );

    public static NpgsqlBatchCommand RecordCommand(
        PipelineRun run,
        Guid snapshot,
        DateTimeOffset at,
        IReadOnlyList<UserFailure> failures
    ) =>
        Statement.Of(
            Record,
            run.Id,
            at,
            run.Market,
            snapshot,
            failures.Select(f => f.UserId).ToArray(),
            failures.Select(f => f.Stage.ToString().ToLowerInvariant()).ToArray(),
            failures.Select(f => f.Reason).ToArray(),
            failures.Select(f => f.Detail).ToArray(),
            OwnReasons
        );

    /// <summary>Forgets users that were computed this time.</summary>
    public static NpgsqlBatchCommand ForgetCommand(string market, Guid[] users) => Statement.Of(Forget, market, users);
}

/// <summary>How a user failed last time.</summary>
/// <param name="Quarantined">Whether the user is not to be computed, because the inputs have not changed.</param>
internal readonly record struct QuarantinedUser(CalculationStage Stage, string Reason, string Detail, bool Quarantined);
