using Npgsql;
using Overnight.Benchmarks.Reporting;
using Overnight.Jobs.Commands;
using Overnight.Jobs.Demo;

namespace Overnight.Benchmarks.Pipeline;

/// <summary>Flags and tenants, beside the users that are there.</summary>
internal static class DemoTenantsAndFlags
{
    /// <summary>
    /// Whose flags: that of the services (see <see cref="Servers.Workbench.ServiceEnvironment(Servers.PostgresServer, string)"/>).
    /// </summary>
    public const string Environment = "production";

    /// <param name="tenants">With reference data of every kind; the users are spread over them.</param>
    public static async Task AddAsync(NpgsqlDataSource database, int tenants, int flags, CancellationToken ct)
    {
        Report.Step(SeedCommand.Describe(await new DemoTenantSeeder(database, TimeProvider.System).SeedAsync(tenants, seed: 1, null, ct)));
        await using var spread = database.CreateCommand(
            """
            update users u set tenant_id = t.id
            from (select id, row_number() over (order by id) % $1 as n from users where tenant_id is null and role <> 'admin') p
            join (select id, row_number() over (order by id) - 1 as n from tenants) t on t.n = p.n
            where u.id = p.id
            """
        );
        spread.Parameters.Add(new() { Value = (long)tenants });
        await spread.ExecuteNonQueryAsync(ct);

        await using var add = database.CreateCommand(
            """
            insert into feature_flags (environment, key, enabled, value, description)
            select $1, key, true, '{"percent":50,"groups":["early","internal"]}', 'A flag of a benchmark, with a value of usual length.' from unnest($2) key
            """
        );
        add.Parameters.Add(new() { Value = Environment });
        add.Parameters.Add(new() { Value = Enumerable.Range(1, flags).Select(Flag).ToArray() });
        await add.ExecuteNonQueryAsync(ct);
    }

    /// <param name="number">From 1.</param>
    public static string Flag(int number) => $"benchmark.flag-{number:D3}";
}
