using Npgsql;
using Overnight.Core.Data;

namespace Overnight.Core.Erasures;

/// <summary>What an erasure did; it names nobody.</summary>
/// <param name="CompletedAt">Null while something is left to do, such as entries of a cache that does not answer.</param>
/// <param name="Seal">Its number in the chain; null until the user's results are removed.</param>
/// <param name="WaitsFor">What holds it up, as the latest try has found: <c>cache</c>, <c>rehearsal</c>, or null.</param>
/// <param name="Removed">Rows by kind.</param>
public sealed record ErasureStatus(
    Guid Id,
    DateTimeOffset RequestedAt,
    DateTimeOffset? CompletedAt,
    long? Seal,
    string? WaitsFor,
    IReadOnlyDictionary<string, long> Removed
)
{
    private const string Find = "select id, requested_at, completed_at, seal, waits_for, removed from erasures where id = $1";

    /// <returns>Null when there is no such erasure.</returns>
    public static async Task<ErasureStatus?> FindAsync(NpgsqlDataSource database, Guid id, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(database);
        await using var command = database.Command(Find, id);
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct)
            ? new(
                reader.GetGuid(0),
                reader.GetFieldValue<DateTimeOffset>(1),
                await reader.IsDBNullAsync(2, ct) ? null : reader.GetFieldValue<DateTimeOffset>(2),
                await reader.IsDBNullAsync(3, ct) ? null : reader.GetInt64(3),
                await reader.IsDBNullAsync(4, ct) ? null : reader.GetString(4),
                System.Text.Json.JsonSerializer.Deserialize<SortedDictionary<string, long>>(reader.GetString(5))!
            )
            : null;
    }
}
