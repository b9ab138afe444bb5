using System.Text;
using System.Text.RegularExpressions;
using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Reference;
using Overnight.Jobs.Demo;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Roles;

namespace Overnight.Tests.Reference;

/// <summary>
/// SPEC G2: a query of reference data takes rows of its tenant alone by its own clauses. To <c>api</c> row-level security shows no other,
/// whatever a query says; the owner, which warms, sees all. So both must be answered alike.
/// </summary>
public sealed partial class TenantClauseTests(TestServers servers)
{
    private static readonly TestClock Clock = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task G2_EveryEntity_IsReadAlikeByARoleThatSeesAllTenants()
    {
        await using var database = await RoleDatabase.CreateAsync(servers, Ct);
        var tenants = await SeedAsync(database);

        foreach (var entity in ReferenceCatalog.All)
        {
            var questions = await QuestionsAsync(database, entity, tenants[0]);
            foreach (var (sql, values) in questions)
            {
                var expected = await RowsAsync(database.Api, sql, tenants[0], values);
                Assert.True(expected.Length > 10, $"{entity.FullName} has an answer");
                Assert.Equal((entity.FullName, expected), (entity.FullName, await RowsAsync(database.Owner, sql, null, values)));
            }
        }
    }

    /// <summary>The test above is as good as its data: without any one of the clauses the owner is answered otherwise.</summary>
    [Fact]
    public async Task G2_EveryClause_Dropped_ChangesAnAnswer()
    {
        await using var database = await RoleDatabase.CreateAsync(servers, Ct);
        var tenants = await SeedAsync(database);

        Dictionary<string, bool> seen = [];
        foreach (var entity in ReferenceCatalog.All)
        {
            foreach (var (sql, values) in await QuestionsAsync(database, entity, tenants[0]))
            {
                var expected = await RowsAsync(database.Owner, sql, null, values);
                foreach (Match clause in Clause().Matches(sql))
                {
                    var without = string.Concat(sql.AsSpan(0, clause.Index), "true", sql.AsSpan(clause.Index + clause.Length));
                    var name = $"{entity.FullName}: {sql[clause.Index..Math.Min(sql.Length, clause.Index + 60)]}";
                    seen[name] = seen.GetValueOrDefault(name) || expected != await RowsAsync(database.Owner, without, null, values);
                }
            }
        }
        var unseen = seen.Where(one => !one.Value).Select(one => one.Key).ToList();
        Assert.True(unseen.Count == 0, string.Join('\n', unseen));
    }

    [Fact]
    public async Task G5_Generation_OfATenant_IsItsOwnAndThatOfAll()
    {
        await using var database = await RoleDatabase.CreateAsync(servers, Ct);
        var (one, other) = (Guid.NewGuid(), Guid.NewGuid());

        Assert.Equal("0", await AskAsync($"select erp.generation('{one}', 'finance:coa')"));
        await AskAsync($"select erp.raise_generation('{other}', array['finance:coa', '*'])");
        Assert.Equal("0", await AskAsync($"select erp.generation('{one}', 'finance:coa')"));
        var own = await AskAsync($"select erp.raise_generation('{one}', array['finance:coa'])");
        Assert.Equal(own, await AskAsync($"select erp.generation('{one}', 'finance:coa')"));
        Assert.Equal("0", await AskAsync($"select erp.generation('{one}', 'sales:vendor')"));
        var all = await AskAsync($"select erp.raise_generation('{Guid.Empty}', array['*'])");
        Assert.Equal(all, await AskAsync($"select erp.generation('{one}', 'finance:coa')"));

        async Task<string> AskAsync(string sql) => Assert.Single(await RoleDatabase.TextsAsync(database.Owner, sql, Ct));
    }

    [GeneratedRegex(@"\b[a-z]\.tenant_id = [a-z]\.tenant_id|\btenant_id = k\.tenant_id")]
    private static partial Regex Clause();

    /// <summary>
    /// Two tenants whose codes are the same, as codes are. Of the other so are the ids of its facilities; its periods begin, and its
    /// readings are, later. A user of each owns a few of what the other hopes to sell.
    /// </summary>
    private static async Task<Guid[]> SeedAsync(RoleDatabase database)
    {
        const long seed = 7;
        await new DemoTenantSeeder(database.Owner, Clock).SeedAsync(2, seed, null, Ct);
        await RoleDatabase.TryAsync(
            database.Owner,
            """
            insert into exchange_rates select base, quote, '2026-11-19', rate, 'test'
            from (values ('EUR', 'USD', 1.1364), ('GBP', 'USD', 1.3158), ('USD', 'JPY', 150), ('USD', 'CHF', 0.82), ('USD', 'CAD', 1.38))
                quoted (base, quote, rate)
            """,
            Ct
        );
        var (tenant, other) = (DemoIds.Tenant(seed, 1), DemoIds.Tenant(seed, 2));
        await database.Owner.ExecuteAsync(
            $"""
            update erp.periods set starts_on = starts_on + 3 where tenant_id = '{other}';
            update erp.equipment_readings set read_at = read_at + interval '1 second' where tenant_id = '{other}';
            insert into erp.facilities (tenant_id, id, code, name)
                select '{other}'::uuid, id, 'COPY-' || row_number() over (order by code), name from erp.facilities where tenant_id = '{tenant}';
            insert into erp.locations (tenant_id, facility_id, code, zone)
                select '{other}'::uuid, facility_id, code, zone from erp.locations where tenant_id = '{tenant}'
                union all select '{other}'::uuid, id, 'COPY', 'picking' from erp.facilities where tenant_id = '{tenant}';
            insert into erp.bins (tenant_id, facility_id, location_code, number, capacity)
                select '{other}'::uuid, facility_id, location_code, number, capacity from erp.bins where tenant_id = '{tenant}';
            insert into erp.stock (tenant_id, facility_id, location_code, sku, quantity)
                select '{other}'::uuid, facility_id, location_code, sku, 7 from erp.stock where tenant_id = '{tenant}';
            insert into users (id, tenant_id, email, display_name, base_currency) values
                (gen_random_uuid(), '{tenant}', 'mine@tenant.example', 'Mine', 'USD'), (gen_random_uuid(), '{other}', 'theirs@tenant.example', 'Theirs', 'USD'),
                (gen_random_uuid(), '{other}', 'only-theirs@tenant.example', 'Theirs', 'USD');
            update erp.opportunities o set owner_id = (select id from users
                where email = case when (o.number <= 10) = (o.tenant_id = '{tenant}') then 'theirs@tenant.example' else 'mine@tenant.example' end);
            update erp.opportunities set owner_id = (select id from users where email = 'only-theirs@tenant.example')
                where tenant_id = '{other}' and number > 30
            """
        );
        return [tenant, other];
    }

    /// <summary>One question as a reader asks, and all of the tenant as a warm does, with their values.</summary>
    private static async Task<List<(string Sql, object[] Values)>> QuestionsAsync(
        RoleDatabase database,
        ReferenceEntity entity,
        Guid tenant
    )
    {
        var today = DateOnly.FromDateTime(Clock.GetUtcNow().UtcDateTime);
        var asked = (await ReferenceClient.QuestionsAsync(database.Owner, tenant)).Single(question => question.Entity == entity);
        object[] parts = [.. asked.Key.Split(':')[3..].Where((_, at) => at % 2 == 1).Select(Uri.UnescapeDataString)];
        List<(string, object[])> questions = [(entity.OneSql, [tenant, today, .. parts])];
        if (entity.Parts.Any(part => part.Name == "period"))
            questions.Add((entity.OneSql, [tenant, today, "previous"]));
        if (entity.Phase is not null)
            questions.Add((entity.ManySql, [new[] { tenant }, today]));
        return questions;
    }

    /// <returns>All rows as text, or the error.</returns>
    private static async Task<string> RowsAsync(NpgsqlDataSource role, string sql, Guid? tenant, object[] values)
    {
        await using var connection = await role.OpenConnectionAsync(Ct);
        await using NpgsqlBatch batch = new(connection);
        if (tenant is { } id)
            batch.BatchCommands.Add(TenantRowSecurity.Of(id));
        NpgsqlBatchCommand question = new(sql);
        foreach (var value in values)
            question.Parameters.Add(
                value is string ? new() { Value = value, NpgsqlDbType = NpgsqlDbType.Text } : new NpgsqlParameter { Value = value }
            );
        batch.BatchCommands.Add(question);
        List<string> rows = [];
        try
        {
            await using var reader = await batch.ExecuteReaderAsync(Ct);
            if (tenant is not null)
                await reader.NextResultAsync(Ct);
            while (await reader.ReadAsync(Ct))
                rows.Add(
                    string.Join(
                        '|',
                        Enumerable
                            .Range(0, reader.FieldCount)
                            .Select(at =>
                                reader.IsDBNull(at) ? ""
                                : reader.GetValue(at) is byte[] json ? Encoding.UTF8.GetString(json)
                                : $"{reader.GetValue(at)}"
                            )
                    )
                );
        }
        catch (PostgresException exception)
        {
            return exception.SqlState;
        }
        return string.Join('\n', rows.Order(StringComparer.Ordinal));
    }
}
