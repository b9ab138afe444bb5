using Microsoft.Extensions.Configuration;
using Npgsql;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Input;

public sealed class DatabaseMigrationTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task MissingDatabase_MigratedByTwoAtOnce_IsCreatedAndFilledOnce(bool isOneRole)
    {
        var server = await servers.CreateEmptyDatabaseAsync(Ct);
        var name = $"migrate \"{Guid.NewGuid():N}\"";
        var configuration = isOneRole ? OneRole(server, name) : TestRoles.Configuration(server, name);

        var outcomes = await Task.WhenAll(Run(), Run());
        var again = await Run();

        Assert.Single(outcomes, o => o.Created);
        Assert.Single(outcomes, o => o.Applied.Count > 0);
        Assert.Equal(20, Assert.Single(outcomes, o => o.Seeded is not null).Seeded!.UsersAdded);
        Assert.Equal((false, 0, null), (again.Created, again.Applied.Count, again.Seeded));
        await using var source = NpgsqlDataSource.Create(configuration.GetConnectionString("overnight")!);
        await using var count = source.CreateCommand("select count(*) from users where role = 'user'");
        Assert.Equal(20L, await count.ExecuteScalarAsync(Ct));
        await using var flags = source.CreateCommand("select count(*) from feature_flags where environment = 'development'");
        Assert.Equal(5L, await flags.ExecuteScalarAsync(Ct));
        await using var locks = source.CreateCommand(
            "select count(*) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())"
        );
        Assert.Equal(0L, await locks.ExecuteScalarAsync(Ct));

        Task<Jobs.Migrations.MigrationOutcome> Run() => TestRoles.MigrateAsync(configuration, 20, new TestClock(), Ct);
    }

    [Fact]
    public async Task Database_Migrated_HasThePartitionsOfThisAndTheNextMonth()
    {
        var database = await servers.CreateDatabaseAsync(Ct);

        await TestRoles.MigrateAsync(
            new ConfigurationBuilder().AddInMemoryCollection([new("ConnectionStrings:overnight", database)]).Build(),
            null,
            new TestClock(new(2031, 12, 31, 23, 0, 0, TimeSpan.Zero)),
            Ct
        );

        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand(
            "select count(*) from pg_class where relname like '%\\_y2031m12' and relkind = 'r' or relname like '%\\_y2032m01' and relkind = 'r'"
        );
        Assert.Equal(6L, await command.ExecuteScalarAsync(Ct));
    }

    private static IConfiguration OneRole(string server, string database) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection([
                new("ConnectionStrings:overnight", new NpgsqlConnectionStringBuilder(server) { Database = database }.ConnectionString),
            ])
            .Build();
}
