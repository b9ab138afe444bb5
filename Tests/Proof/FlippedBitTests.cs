using System.Globalization;
using Npgsql;
using Overnight.Jobs.Proof;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Proof;

/// <summary>SPEC D6: a bit that is flipped in any column of what is proven, at random, is found.</summary>
public sealed class FlippedBitTests(TestServers servers)
{
    private static readonly int Flips = Setting("PROPERTY_FLIPS") ?? 40,
        Seed = Setting("PROPERTY_SEED") ?? Random.Shared.Next();

    /// <summary>Places of a column that are tried: a flip can make a text or a day that the type or the months refuse.</summary>
    private const int Tries = 100;

    // Who can flip bits need not mind constraints, and the verifier trusts none.
    private const string DropConstraints = $"""
        do $$ declare c record; begin
            for c in select conrelid::regclass as of_table, conname from pg_constraint
                where conrelid = any ('{Tables}'::regclass[]) and contype in ('c', 'p', 'u', 'f')
            loop execute format('alter table %s drop constraint if exists %I cascade', c.of_table, c.conname); end loop;
        end $$
        """;

    private const string Tables = "{calculation_results,calculation_events,market_snapshots,criteria_versions}";

    private const string Columns = $"""
        select c.relname::text, a.attname::text, a.atttypid::regtype::text from pg_attribute a join pg_class c on c.oid = a.attrelid
        where c.oid = any ('{Tables}'::regclass[])
            and a.attnum > 0 and not a.attisdropped order by 1, a.attnum
        """;

    private sealed record Column(string Table, string Name, string Type)
    {
        public override string ToString() => $"{Table}.{Name}";
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task D6_RandomBit_OfEachColumn_IsFound()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct);
        await proof.Night.ExecuteAsync(DropConstraints, Ct);
        Random random = new(Seed);
        var columns = await ColumnsAsync(proof);
        var (flipped, tries) = (0, 0);
        HashSet<Column> untouched = [.. columns];
        List<string> unseen = [];
        // Each column in turn.
        for (; flipped < Flips || untouched.Count > 0 && tries < columns.Count * Tries; tries++)
        {
            var column = columns[tries % columns.Count];
            if (flipped >= Flips && !untouched.Contains(column))
                continue;
            var (row, bit) = (random.Next(), random.NextInt64(1L << 40));
            if (await FindAsync(proof, column, row, bit) is not { } faults)
                continue;
            flipped++;
            untouched.Remove(column);
            if (faults == 0)
                unseen.Add($"{column}, row {row}, bit {bit}");
        }

        Assert.True(unseen.Count == 0, $"PROPERTY_SEED={Seed}: {string.Join("; ", unseen)}");
        Assert.True(untouched.Count == 0, $"PROPERTY_SEED={Seed}: no flip was accepted of {string.Join(", ", untouched)}");
        Assert.Empty((await proof.VerifyAsync(Ct)).Faults);
    }

    /// <returns>Faults that are found; null when the type, or the lack of a month, refuses the change.</returns>
    private static async Task<long?> FindAsync(ProofNight proof, Column column, int row, long bit)
    {
        await using var connection = await proof.Night.Database.OpenConnectionAsync(Ct);
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        try
        {
            Assert.Equal(1, await ProofNight.ChangeAsync(connection, Flip(column), Ct, row, bit));
        }
        catch (PostgresException exception) when (exception.SqlState[..2] is "22" or "23")
        {
            return null;
        }
        return (await new ProofVerifier(connection, isInTransaction: true).VerifyAsync(null, null, Ct))!.FaultCount;
    }

    private static async Task<List<Column>> ColumnsAsync(ProofNight proof)
    {
        List<Column> columns = [];
        await using var command = proof.Night.Database.CreateCommand(Columns);
        await using var reader = await command.ExecuteReaderAsync(Ct);
        while (await reader.ReadAsync(Ct))
            columns.Add(new(reader.GetString(0), reader.GetString(1), reader.GetString(2)));
        Assert.Equal(4, columns.Select(column => column.Table).Distinct().Count());
        return columns;
    }

    private static int? Setting(string name) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? value
            : null;

    /// <summary>$1 picks the row, $2 the bit.</summary>
    private static string Flip(Column column)
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
            "timestamp with time zone" =>
                $"{epoch} + interval '1 microsecond' * ((extract(epoch from {name} - {epoch}) * 1000000)::bigint # (1::bigint << ($2 % 50)::int))",
            "smallint" or "integer" => $"({name} # (1 << ($2 % 15)::int)::{type})",
            _ => throw new NotSupportedException($"{column} has type {type}, of which no bit is flipped yet."),
        };
        return $"update {table} set {name} = {value} where (tableoid, ctid) = (select tableoid, ctid from {table} where {name} is not null order by tableoid, ctid offset $1 % (select count({name}) from {table}) limit 1)";
    }

    private static string Bytes(string value) =>
        $"set_bit({value}, $2 % (octet_length({value}) * 8), 1 - get_bit({value}, $2 % (octet_length({value}) * 8)))";
}
