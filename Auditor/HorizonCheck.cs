using Npgsql;

namespace Overnight.Auditor;

/// <summary>
/// Retention seals the first day that it keeps before it drops anything, and always keeps the month before the current one: nobody can
/// take results out and say that they were dropped.
/// </summary>
internal static class HorizonCheck
{
    // A day is left for clocks that differ.
    private const string Sealed = """
        with s as (select seq, business_date as day, business_date <= (date_trunc('month', least(sealed_at, now()) at time zone 'UTC'
                + interval '1 day') - interval '1 month')::date as can_be from seals where market = 'RETENTION')
        select (select max(day) from s where can_be), (select kept_from from kept_history), array(select seq from s where not can_be order by seq)
        """;

    /// <returns>The first day that is kept; null before anything was dropped.</returns>
    public static async Task<DateOnly?> RunAsync(NpgsqlConnection connection, AuditReport report, CancellationToken ct)
    {
        await using var command = connection.Command(Sealed);
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        DateOnly? kept = await reader.IsDBNullAsync(0, ct) ? null : reader.GetFieldValue<DateOnly>(0);
        DateOnly? told = await reader.IsDBNullAsync(1, ct) ? null : reader.GetFieldValue<DateOnly>(1);
        foreach (var number in reader.GetFieldValue<long[]>(2))
            report.Add(FindingName.AlteredHorizon, $"seal {number} says that more was dropped than retention ever drops.");
        if (kept != told)
            report.Add(
                FindingName.AlteredHorizon,
                $"history is kept from {Name(told)} on by kept_history, and from {Name(kept)} on by the chain."
            );
        return kept;
    }

    private static string Name(DateOnly? day) => day is { } date ? $"{date:yyyy-MM-dd}" : "the beginning";
}
