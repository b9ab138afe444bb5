using Npgsql;
using Overnight.Core.Auditing;
using Overnight.Core.Data;
using Overnight.Core.Market;

namespace Overnight.Jobs.Pipeline;

/// <summary>Reads a market snapshot into memory.</summary>
internal static class StoredSnapshot
{
    private const string Read =
        "select market, business_date, taken_at, prices_as_of, rates_as_of, payload from market_snapshots where id = $1";

    /// <exception cref="InvalidOperationException">It is not there.</exception>
    public static async Task<MarketSnapshot> ReadAsync(NpgsqlConnection connection, Guid id, CancellationToken ct)
    {
        await using var command = connection.Command(Read, id);
        await using var reader = await command.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct))
            throw new InvalidOperationException($"Market snapshot {id} is not there.");
        MarketSnapshotHeader header = new(
            id,
            reader.GetString(0),
            reader.GetFieldValue<DateOnly>(1),
            reader.GetFieldValue<DateTimeOffset>(2),
            await reader.IsDBNullAsync(3, ct) ? null : reader.GetFieldValue<DateTimeOffset>(3),
            await reader.IsDBNullAsync(4, ct) ? null : reader.GetFieldValue<DateTimeOffset>(4)
        );
        return MarketSnapshotCodec.Decode(header, reader.GetFieldValue<byte[]>(5));
    }
}
