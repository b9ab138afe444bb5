using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Flags;
using Overnight.Core.Market.Calendars;
using Overnight.Jobs.Migrations;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Input;

public sealed class DatabaseMigrationTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task MissingDatabase_MigratedByTwoAtOnce_IsCreatedAndFilledOnce()
    {
        NpgsqlConnectionStringBuilder parsed = new(await servers.CreateEmptyDatabaseAsync(Ct))
        {
            Database = $"migrate \"{Guid.NewGuid():N}\"",
        };
        await using var source = NpgsqlDataSource.Create(parsed.ConnectionString);

        var outcomes = await Task.WhenAll(MigrateAsync(source, 20), MigrateAsync(source, 20));
        var again = await MigrateAsync(source, 20);

        Assert.Single(outcomes, o => o.Created);
        Assert.Single(outcomes, o => o.Applied.Count > 0);
        Assert.Equal(20, Assert.Single(outcomes, o => o.Seeded is not null).Seeded!.UsersAdded);
        Assert.Equal((false, 0, null), (again.Created, again.Applied.Count, again.Seeded));
        await using var count = source.CreateCommand("select count(*) from users where role = 'user'");
        Assert.Equal(20L, await count.ExecuteScalarAsync(Ct));
        await using var flags = source.CreateCommand("select count(*) from feature_flags where environment = 'development'");
        Assert.Equal(5L, await flags.ExecuteScalarAsync(Ct));
        await using var locks = source.CreateCommand(
            "select count(*) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())"
        );
        Assert.Equal(0L, await locks.ExecuteScalarAsync(Ct));
    }

    [Fact]
    public async Task Database_Migrated_HasThePartitionsOfThisAndTheNextMonth()
    {
        await using var source = NpgsqlDataSource.Create(await servers.CreateDatabaseAsync(Ct));

        await MigrateAsync(source, null, new TestClock(new(2031, 12, 31, 23, 0, 0, TimeSpan.Zero)));

        await using var command = source.CreateCommand(
            "select count(*) from pg_class where relname like '%\\_y2031m12' and relkind = 'r' or relname like '%\\_y2032m01' and relkind = 'r'"
        );
        Assert.Equal(6L, await command.ExecuteScalarAsync(Ct));
    }

    private static async Task<MigrationOutcome> MigrateAsync(NpgsqlDataSource source, int? users, TimeProvider? time = null)
    {
        time ??= new TestClock();
        // The data source keeps the password to itself; the context shares it.
        await using OvernightContext context = new(new DbContextOptionsBuilder<OvernightContext>().UseNpgsql(source).Options);
        return await new DatabaseMigration(
            source,
            context,
            new(Options.Create(new MarketsOptions())),
            new(source, time),
            Options.Create(new FlagOptions { Environment = "development" }),
            time
        ).RunAsync(users, null, Ct);
    }
}
