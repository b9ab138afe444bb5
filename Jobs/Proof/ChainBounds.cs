using Npgsql;
using Overnight.Core.Data;

namespace Overnight.Jobs.Proof;

/// <summary>Where the chain begins, and from which day on everything that it proves is kept.</summary>
/// <param name="FirstSealed">The lowest number of a run that has a seal; null without any.</param>
/// <param name="KeptFrom">The first day that retention has kept so far; null before its first turn.</param>
internal sealed record ChainBounds(long? FirstSealed, DateOnly? KeptFrom)
{
    private const string Bounds = """
        select (select min(r.number) from seals s join overnight_job_runs r on r.id = s.run_id), (select kept_from from kept_history)
        """;

    /// <summary>Whether retention drops what is of this day, or has done so.</summary>
    public bool IsBelow(DateOnly day) => day < KeptFrom;

    /// <summary>Whether a run can have ended before the first seal was made.</summary>
    public bool IsBeforeTheChain(long run) => FirstSealed is null || run < FirstSealed;

    public static async Task<ChainBounds> ReadAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = connection.Command(Bounds);
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return new(
            await reader.IsDBNullAsync(0, ct) ? null : reader.GetInt64(0),
            await reader.IsDBNullAsync(1, ct) ? null : reader.GetFieldValue<DateOnly>(1)
        );
    }
}
