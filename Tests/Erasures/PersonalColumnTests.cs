using Overnight.Jobs.Erasures;
using Overnight.Tests.Harness;
using Overnight.Tests.Retention;

namespace Overnight.Tests.Erasures;

/// <summary>SPEC D5: no column that can hold a person is left out of erasure by mistake.</summary>
public sealed class PersonalColumnTests(TestServers servers)
{
    // All types but those that can't hold an id or a text.
    private const string Columns = """
        select array(select case n.nspname when 'public' then '' else n.nspname || '.' end || c.relname || '.' || a.attname
            from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
            where c.relkind in ('r', 'p') and not c.relispartition and n.nspname !~ '^(pg_|information_schema)' and a.attnum > 0
                and not a.attisdropped and a.atttypid::regtype::text not in ('smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision',
                    'boolean', 'date', 'interval', 'timestamp with time zone')
            order by 1)
        """;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task D5_EveryColumnThatCanNameAPerson_IsHandledOrDeclaredFree()
    {
        await using var database = await HistoryDatabase.CreateAsync(servers, Ct);
        await using var command = database.Source.CreateCommand(Columns);
        var there = (string[])(await command.ExecuteScalarAsync(Ct))!;
        var free = PersonalDataInventory.FreeOfPeople.SelectMany(one => one.Columns).ToList();

        Assert.Equal([], there.Where(column => !IsDeclared(column)));
        // Nothing is declared that is not there, or twice.
        var declared = PersonalDataInventory
            .Emptied.Concat(free.Where(column => !column.EndsWith(".*", StringComparison.Ordinal)))
            .ToList();
        Assert.Equal([], declared.Except(there));
        Assert.Equal(declared.Count, declared.Distinct().Count());
        Assert.Equal(
            [],
            PersonalDataInventory.RowsThatGo.Where(table =>
                !Array.Exists(there, column => column.StartsWith($"{table}.", StringComparison.Ordinal))
            )
        );

        bool IsDeclared(string column) =>
            PersonalDataInventory.RowsThatGo.Contains(column[..column.LastIndexOf('.')])
            || IsNamed(column)
            || free.Exists(one => one.EndsWith(".*", StringComparison.Ordinal) && column.StartsWith(one[..^1], StringComparison.Ordinal));

        bool IsNamed(string column) => PersonalDataInventory.Emptied.Contains(column) || free.Contains(column);
    }
}
