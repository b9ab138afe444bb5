using System.Runtime.CompilerServices;
using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Data;

namespace Overnight.Core.Reference;

/// <summary>Reads the ids of tenants from PostgreSQL.</summary>
public sealed class TenantDirectory(NpgsqlDataSource database)
{
    private const int PageSize = 1_000;

    public Task<bool> ContainsAsync(Guid tenant, CancellationToken ct) =>
        DatabaseRetry.ReadAsync(async () =>
        {
            await using var command = database.Command("select exists (select from tenants where id = $1)", tenant);
            return (bool)(await command.ExecuteScalarAsync(ct))!;
        });

    /// <summary>
    /// All tenants after <paramref name="after"/>, in the order of ids. They are read in pages, so that no query is open between reads.
    /// </summary>
    public async IAsyncEnumerable<Guid> AfterAsync(Guid? after, [EnumeratorCancellation] CancellationToken ct)
    {
        Guid[] page;
        do
        {
            page = await PageAsync(after, ct);
            foreach (var tenant in page)
                yield return tenant;
            if (page.Length > 0)
                after = page[^1];
        } while (page.Length == PageSize);
    }

    private async Task<Guid[]> PageAsync(Guid? after, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            "select array(select id from tenants where $1 is null or id > $1 order by id limit $2)"
        );
        command.Parameters.Add(new() { Value = (object?)after ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = PageSize });
        return (Guid[])(await command.ExecuteScalarAsync(ct))!;
    }
}
