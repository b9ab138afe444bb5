using Npgsql;
using Overnight.Core.Data;
using Overnight.Jobs.Commands;
using Overnight.Jobs.Import;

namespace Overnight.Jobs.Demo;

/// <summary>How many tenants are copied so far.</summary>
internal readonly record struct DemoTenantProgress(int Tenants, int Total);

/// <summary>What the seeding of tenants did.</summary>
/// <param name="Rows">Rows of reference data added.</param>
internal sealed record DemoTenantSummary(int Tenants, int Added, long Rows, TimeSpan Elapsed);

/// <summary>
/// Fills schema <c>erp</c> with demo tenants, table by table with COPY, in one transaction. Tenants that are there stay as they
/// are, so that seeding the same number again adds nothing.
/// </summary>
internal sealed class DemoTenantSeeder(NpgsqlDataSource dataSource, TimeProvider time)
{
    public const int MaxTenants = 10_000;

    /// <summary>Tenants copied at a time.</summary>
    private const int ChunkSize = 50;

    private static readonly DemoRows[] Tables = [.. DemoLedger.Tables, .. DemoSales.Tables, .. DemoPlant.Tables];

    private static readonly DemoRows Tenants = new("tenants (id, name, created_at)", t => [
            [t.Id, t.Name, DemoIds.CreatedAt(t.Number).UtcDateTime],
        ]);

    /// <exception cref="CommandException">The number is out of bounds.</exception>
    public async Task<DemoTenantSummary> SeedAsync(int tenants, long seed, IProgress<DemoTenantProgress>? progress, CancellationToken ct)
    {
        if (tenants is < 1 or > MaxTenants)
            throw new CommandException($"--tenants must be from 1 to {MaxTenants}, not {tenants}.");
        var started = time.GetTimestamp();
        var now = time.GetUtcNow();
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        // A second seeding waits, and then finds the tenants of the first.
        await connection.ExecuteAsync(DatabaseConnection.WaitForLocks, ct);
        await connection.ExecuteAsync("select pg_advisory_xact_lock(hashtext('overnight.demo'))", ct);

        var there = await NamesAsync(connection, ct);
        DemoTenant[] missing =
        [
            .. Enumerable
                .Range(1, tenants)
                .Where(number => !there.Contains(DemoTenant.NameOf(number)))
                .Select(number => new DemoTenant(number, seed, now)),
        ];
        var (copied, rows) = (0, 0L);
        foreach (var chunk in missing.Chunk(ChunkSize))
        {
            await CopyAsync(connection, Tenants, chunk, ct);
            foreach (var table in Tables)
                rows += await CopyAsync(connection, table, chunk, ct);
            progress?.Report(new(copied += chunk.Length, missing.Length));
        }
        await AssignUsersAsync(connection, tenants, ct);
        await transaction.CommitAsync(ct);
        if (missing.Length > 0)
            await connection.ExecuteAsync(
                $"analyze {string.Join(", ", Tables.Select(table => table.Target[..table.Target.IndexOf(' ', StringComparison.Ordinal)]))}",
                ct
            );
        return new(tenants, missing.Length, rows, time.GetElapsedTime(started));
    }

    private static async Task<HashSet<string>> NamesAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using NpgsqlCommand command = new("select array(select name from tenants)", connection);
        return [.. (string[])(await command.ExecuteScalarAsync(ct))!];
    }

    // Fields are written synchronously: they go into a buffer, and as many awaits would cost more than the copy.
    private static async Task<long> CopyAsync(NpgsqlConnection connection, DemoRows table, DemoTenant[] tenants, CancellationToken ct)
    {
        await using var copy = await connection.BeginBinaryImportAsync($"copy {table.Target} from stdin (format binary)", ct);
        copy.Timeout = Timeout.InfiniteTimeSpan;
        foreach (var row in tenants.SelectMany(table.Of))
            copy.WriteRow(row);
        return (long)await copy.CompleteAsync(ct);
    }

    /// <summary>
    /// Assigns each demo user to the tenant of its number, and to the user what the tenant hopes to sell; a user with a tenant keeps it.
    /// The admin belongs to none.
    /// </summary>
    private static async Task AssignUsersAsync(NpgsqlConnection connection, int tenants, CancellationToken ct)
    {
        const string assign = """
            update users u set tenant_id = t.id from unnest($1, $2) pair (email, name) join tenants t on t.name = pair.name
            where u.email = pair.email and u.tenant_id is null
            """;
        var numbers = Enumerable.Range(1, tenants).ToArray();
        await using NpgsqlCommand command = new(assign, connection);
        command.Parameters.Add(new() { Value = numbers.Select(DemoAccounts.EmailOf).ToArray() });
        command.Parameters.Add(new() { Value = numbers.Select(DemoTenant.NameOf).ToArray() });
        await command.ExecuteNonQueryAsync(ct);
        await connection.ExecuteAsync(
            """
            update erp.opportunities o set owner_id = u.id from users u
            where u.tenant_id = o.tenant_id and u.role = 'user' and u.deleted_at is null and o.owner_id is null
            """,
            ct
        );
    }
}
