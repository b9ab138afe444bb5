using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Proof;

namespace Overnight.Jobs.Retention;

/// <summary>
/// The chain's entry of the first day that retention keeps, so that what is not there can't be passed off as dropped. Its date is that
/// day; its root is that of a tree without leaves, as is what stands in for the hash of a market snapshot.
/// </summary>
internal static class RetentionSeal
{
    // Earlier builds did not seal the day: the first seal takes it over from their row.
    private const string Due = """
        select case when s.kept_from is null then greatest((select kept_from from kept_history), $1) else $1 end
        from (select max(business_date) as kept_from from seals where market = $2) s where s.kept_from is null or s.kept_from < $1
        """;

    /// <summary>Seals that history is kept from this day on, unless a seal says so, or a later day.</summary>
    public static async Task AppendAsync(NpgsqlConnection connection, DateOnly keptFrom, DateTimeOffset now, CancellationToken ct)
    {
        if (await DueAsync(connection, keptFrom, ct) is not { } day)
            return;
        var nothing = HashTree.Root([]);
        await SealChain.AppendAsync(connection, Guid.CreateVersion7(now), SealChain.Retention, day, 0, nothing, nothing, now, ct);
    }

    private static async Task<DateOnly?> DueAsync(NpgsqlConnection connection, DateOnly keptFrom, CancellationToken ct)
    {
        await using var command = connection.Command(Due, keptFrom, SealChain.Retention);
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? reader.GetFieldValue<DateOnly>(0) : null;
    }
}
