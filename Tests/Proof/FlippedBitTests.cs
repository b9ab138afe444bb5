using Npgsql;
using Overnight.Jobs.Proof;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Proof;

/// <summary>SPEC D6: a bit that is flipped in any column of what is proven, at random, is found.</summary>
public sealed class FlippedBitTests(TestServers servers)
{
    private const int Flips = 40;

    private static readonly (string Table, string Column, string Type)[] Columns =
    [
        ("calculation_results", "user_id", "uuid"),
        ("calculation_results", "business_date", "date"),
        ("calculation_results", "run_id", "uuid"),
        ("calculation_results", "batch", "integer"),
        ("calculation_results", "position", "smallint"),
        ("calculation_results", "generated_at", "timestamptz"),
        ("calculation_results", "recommendations", "bytea"),
        ("calculation_results", "portfolio", "bytea"),
        ("calculation_events", "business_date", "date"),
        ("calculation_events", "run_id", "uuid"),
        ("calculation_events", "user_id", "uuid"),
        ("calculation_events", "type", "smallint"),
        ("calculation_events", "occurred_at", "timestamptz"),
        ("calculation_events", "payload", "bytea"),
        ("market_snapshots", "id", "uuid"),
        ("market_snapshots", "market", "text"),
        ("market_snapshots", "business_date", "date"),
        ("market_snapshots", "taken_at", "timestamptz"),
        ("market_snapshots", "prices_as_of", "timestamptz"),
        ("market_snapshots", "rates_as_of", "timestamptz"),
        ("market_snapshots", "payload", "bytea"),
        ("criteria_versions", "user_id", "uuid"),
        ("criteria_versions", "version", "integer"),
        ("criteria_versions", "id", "uuid"),
        ("criteria_versions", "rules", "json"),
        ("criteria_versions", "created_at", "timestamptz"),
        ("criteria_versions", "hash", "bytea"),
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task D6_RandomBit_OfEachColumn_IsFound()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct);
        var seed = int.TryParse(Environment.GetEnvironmentVariable("PROPERTY_SEED"), out var given) ? given : Environment.TickCount;
        Random random = new(seed);
        var (flipped, at) = (0, 0);
        HashSet<string> refused = [];
        List<string> unseen = [];
        // Each column in turn; what a constraint refuses does not count.
        for (; flipped < Flips && at < Flips * 5; at++)
        {
            var column = Columns[at % Columns.Length];
            var name = $"{column.Table}.{column.Column}";
            var (row, bit) = (random.Next(), random.NextInt64(1L << 40));
            await using var connection = await proof.Night.Database.OpenConnectionAsync(Ct);
            await using var transaction = await connection.BeginTransactionAsync(Ct);
            try
            {
                Assert.Equal(1, await ProofNight.ChangeAsync(connection, Flip(column), Ct, row, bit));
            }
            catch (PostgresException exception) when (exception.SqlState[..2] is "22" or "23")
            {
                refused.Add(name);
                continue;
            }
            flipped++;
            refused.Remove(name);
            var report = (await new ProofVerifier(connection).VerifyAsync(null, null, Ct))!;
            if (report.FaultCount == 0)
                unseen.Add($"{name}, row {row}, bit {bit}");
        }

        Assert.True(unseen.Count == 0, $"PROPERTY_SEED={seed}: {string.Join("; ", unseen)}");
        Assert.Equal(Flips, flipped);
        Assert.InRange(refused.Count, 0, 8);
        Assert.Empty((await proof.VerifyAsync(Ct)).Faults);
    }

    /// <summary>$1 picks the row, $2 the bit.</summary>
    private static string Flip((string Table, string Column, string Type) column)
    {
        var (table, name, type) = column;
        const string epoch = "timestamptz '2000-01-01 00:00Z'";
        var value = type switch
        {
            "bytea" => Bytes(name),
            "uuid" => $"encode({Bytes($"uuid_send({name})")}, 'hex')::uuid",
            "text" or "json" => $"convert_from({Bytes($"convert_to({name}::text, 'UTF8')")}, 'UTF8')::{type}",
            // The low bits, for there are partitions of a few months.
            "date" => $"date '2000-01-01' + (({name} - date '2000-01-01') # (1 << ($2 % 5)::int))",
            "timestamptz" =>
                $"{epoch} + interval '1 microsecond' * ((extract(epoch from {name} - {epoch}) * 1000000)::bigint # (1::bigint << ($2 % 50)::int))",
            _ => $"({name} # (1 << ($2 % 15)::int)::{type})",
        };
        return $"update {table} set {name} = {value} where (tableoid, ctid) = (select tableoid, ctid from {table} where {name} is not null order by tableoid, ctid offset $1 % (select count({name}) from {table}) limit 1)";
    }

    private static string Bytes(string value) =>
        $"set_bit({value}, $2 % (octet_length({value}) * 8), 1 - get_bit({value}, $2 % (octet_length({value}) * 8)))";
}
