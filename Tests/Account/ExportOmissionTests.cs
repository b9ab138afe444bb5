using System.Data;
using Npgsql;
using Overnight.Api.Account;
using Overnight.Jobs.Erasures;
using Overnight.Tests.Harness;
using Overnight.Tests.Retention;

namespace Overnight.Tests.Account;

/// <summary>SPEC D5, P4: what is erased as a user's own is exported as the user's own, or left out for a reason.</summary>
public sealed class ExportOmissionTests(TestServers servers)
{
    private const string Columns = """
        select array(select t.name || '.' || a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid
            cross join lateral (select case when c.relnamespace = 'public'::regnamespace then '' else c.relnamespace::regnamespace::text || '.' end
                || c.relname as name) t
            where c.relkind in ('r', 'p') and not c.relispartition and a.attnum > 0
                and not a.attisdropped and (t.name = any ($1) or t.name || '.' || a.attname = any ($2)) order by 1)
        """;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task P4_EveryColumnThatIsErased_IsExportedOrLeftOutForAReason()
    {
        await using var database = await HistoryDatabase.CreateAsync(servers, Ct);
        await using var command = database.Source.CreateCommand(Columns);
        command.Parameters.Add(new() { Value = PersonalDataInventory.RowsThatGo });
        command.Parameters.Add(new() { Value = PersonalDataInventory.Emptied });
        var erased = (string[])(await command.ExecuteScalarAsync(Ct))!;
        var exported = await ExportedAsync(database.Source);
        var declared = ExportOmissions.InAnotherForm.Concat(ExportOmissions.LeftOut).SelectMany(one => one.Columns).ToList();

        Assert.Equal([], PersonalDataInventory.Emptied.Except(erased));
        Assert.NotEmpty(exported.Intersect(erased));
        Assert.Equal([], erased.Except(exported).Except(declared));
        // Nothing is declared that is not there, is exported as it is, or is declared twice.
        Assert.Equal([], declared.Except(erased));
        Assert.Equal([], declared.Intersect(exported));
        Assert.Equal(declared.Count, declared.Distinct().Count());
    }

    /// <summary>The columns of tables that the export's queries return as they are.</summary>
    private static async Task<HashSet<string>> ExportedAsync(NpgsqlDataSource database)
    {
        HashSet<string> columns = [];
        foreach (var (_, sql) in OwnRows.Queries)
        {
            await using var command = database.CreateCommand(sql);
            command.Parameters.Add(new() { Value = Guid.Empty });
            await using var reader = await command.ExecuteReaderAsync(CommandBehavior.SchemaOnly | CommandBehavior.KeyInfo, Ct);
            foreach (var column in await reader.GetColumnSchemaAsync(Ct))
            {
                if (column.BaseTableName is { Length: > 0 } table)
                    columns.Add($"{table}.{column.BaseColumnName}");
            }
        }
        return columns;
    }
}
