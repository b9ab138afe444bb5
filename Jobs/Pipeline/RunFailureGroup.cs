using Npgsql;
using Overnight.Core.Data;

namespace Overnight.Jobs.Pipeline;

/// <summary>Users of a run who failed at one stage for one reason.</summary>
/// <param name="Example">What is known of one of them.</param>
internal sealed record RunFailureGroup(string Stage, string Reason, long Users, string? Example)
{
    private const string Reasons =
        "select stage, reason, count(*), min(detail) from run_failures where run_id = $1 group by 1, 2 order by 3 desc, 1, 2";

    /// <returns>Those with most users first.</returns>
    public static async Task<List<RunFailureGroup>> ReadAsync(NpgsqlConnection connection, Guid run, CancellationToken ct)
    {
        List<RunFailureGroup> reasons = [];
        await using var command = connection.Command(Reasons, run);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            reasons.Add(
                new(
                    reader.GetString(0),
                    reader.GetString(1),
                    reader.GetInt64(2),
                    await reader.IsDBNullAsync(3, ct) ? null : reader.GetString(3)
                )
            );
        }
        return reasons;
    }
}
