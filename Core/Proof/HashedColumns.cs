using Overnight.Core.Auditing;
using Overnight.Core.Data;

namespace Overnight.Core.Proof;

/// <summary>
/// The columns of events, results, criteria and snapshots in the order in which they are written and hashed. The order is part of every
/// hash that was ever stored: never change it.
/// </summary>
internal static class HashedColumns
{
    public const string EventColumns = "business_date, run_id, user_id, type, occurred_at, payload";
    public const short EventFields = 6;

    public const string ResultColumns = "user_id, business_date, run_id, batch, position, generated_at, recommendations, portfolio";
    public const short ResultFields = 8;

    public const string CriteriaColumns = "id, user_id, version, created_at, rules::text";
    public const short CriteriaFields = 5;

    public const string SnapshotColumns = "id, market, business_date, taken_at, prices_as_of, rates_as_of, payload";
    public const short SnapshotFields = 7;

    /// <param name="row">A row of <see cref="EventFields"/> that was begun.</param>
    public static void Event(
        CopyBuffer row,
        DateOnly businessDate,
        Guid run,
        Guid user,
        CalculationEvent type,
        DateTimeOffset at,
        ReadOnlySpan<byte> payload
    )
    {
        row.Date(businessDate);
        row.Id(run);
        row.Id(user);
        row.SmallInt((short)type);
        row.Time(at);
        row.Bytes(payload);
    }

    /// <param name="row">A row of <see cref="ResultFields"/> that was begun.</param>
    public static void Result(
        CopyBuffer row,
        Guid user,
        DateOnly businessDate,
        Guid run,
        int batch,
        short position,
        DateTimeOffset generatedAt,
        ReadOnlySpan<byte> recommendations,
        ReadOnlySpan<byte> portfolio
    )
    {
        row.Id(user);
        row.Date(businessDate);
        row.Id(run);
        row.Integer(batch);
        row.SmallInt(position);
        row.Time(generatedAt);
        row.Bytes(recommendations);
        row.Bytes(portfolio);
    }

    /// <param name="row">A row of <see cref="CriteriaFields"/> that was begun.</param>
    public static void Criteria(CopyBuffer row, Guid id, Guid user, int version, DateTimeOffset createdAt, ReadOnlySpan<byte> rules)
    {
        row.Id(id);
        row.Id(user);
        row.Integer(version);
        row.Time(createdAt);
        row.Bytes(rules);
    }
}
