using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Overnight.Jobs;
using Overnight.Jobs.Migrations;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Pipeline;
using Overnight.Tests.Providers;
using Overnight.Tests.Roles;

namespace Overnight.Tests.Health;

/// <summary>A published app starts its parts in no order: jobs migrates, and the api is not ready before.</summary>
public sealed class SchemaTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Health_DatabaseWithoutTables_Is503WithASentenceUntilItIsMigrated()
    {
        // The role is there, for roles are of the whole server.
        await servers.CreateDatabaseAsync(Ct);
        await using var database = await RoleDatabase.CreateEmptyAsync(servers, Ct);
        await using ApiApp api = new(OwnerOf(database), await servers.CacheConnectionStringAsync(Ct));

        var (status, body) = await HealthAsync(api);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("schema (the database has no migration", body, StringComparison.Ordinal);
        Assert.Contains("jobs migrates it", body, StringComparison.Ordinal);
        Assert.Equal("Healthy", await api.Http.GetStringAsync("/alive", Ct));

        await database.MigrateAsync(Ct);

        Assert.Equal((HttpStatusCode.OK, "Degraded: workers"), await HealthAsync(api));
    }

    [Fact]
    public async Task Health_RoleThatIsNotThere_Is503WithASentence()
    {
        NpgsqlConnectionStringBuilder nobody = new(await servers.CreateEmptyDatabaseAsync(Ct)) { Username = "nobody_yet" };
        await using ApiApp api = new(nobody.ConnectionString, await servers.CacheConnectionStringAsync(Ct));

        var (status, body) = await HealthAsync(api);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("schema (the database can't be asked (28P01)", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Jobs_ThatMigratesAtStart_MakesTheSchemaAndThenWarmsAsAfterADeployment()
    {
        await using var database = await RoleDatabase.CreateEmptyAsync(servers, Ct);
        var strings = database.Configuration;
        using var jobs = TestJobsProcess.Start(
            strings["ConnectionStrings:overnight"]!,
            await servers.CacheConnectionStringAsync(Ct),
            [],
            ("Database:MigrateAtStart", "true"),
            ("ConnectionStrings:postgres", strings["ConnectionStrings:postgres"]!),
            ("ConnectionStrings:overnight_api", strings["ConnectionStrings:overnight_api"]!),
            ("ConnectionStrings:overnight_sets", strings["ConnectionStrings:overnight_sets"]!)
        );

        await Eventually.TrueAsync(
            async () => await CountAsync(database, "overnight_job_runs where job_type = 'cache-warm' and trigger = 'deployment'") > 0,
            "a deployment's warm was done",
            TimeSpan.FromMinutes(2)
        );

        Assert.Equal(0, await CountAsync(database, "users"));
        await using ApiApp api = new(OwnerOf(database), await servers.CacheConnectionStringAsync(Ct));
        await Eventually.TrueAsync(
            async () => await HealthAsync(api) == (HttpStatusCode.OK, "Healthy"),
            "the schema is there, and the worker is heard"
        );
    }

    [Fact]
    public async Task Jobs_ThatMigratesAtStart_LogsWhichRolesThereAre()
    {
        LogLines log = new();
        var builder = Host.CreateApplicationBuilder(
            new HostApplicationBuilderSettings { EnvironmentName = Environments.Development, DisableDefaults = true }
        );
        builder.Configuration.AddInMemoryCollection([
            new("ConnectionStrings:overnight", await servers.CreateEmptyDatabaseAsync(Ct)),
            new("ConnectionStrings:cache", await servers.CacheConnectionStringAsync(Ct)),
            new("Database:MigrateAtStart", "true"),
        ]);
        builder.Logging.AddProvider(new LogLinesProvider(log));
        builder.AddConnections();
        builder.AddMigrationAtStart();
        using var jobs = builder.Build();

        await jobs.Services.GetServices<IHostedService>().OfType<MigrationAtStart>().Single().StartAsync(Ct);

        Assert.Contains(log.All, line => line.StartsWith("Information One role does everything: ", StringComparison.Ordinal));
    }

    private static string OwnerOf(RoleDatabase database) => database.Configuration["ConnectionStrings:overnight"]!;

    private static async Task<(HttpStatusCode Status, string Body)> HealthAsync(ApiApp api)
    {
        using var answer = await api.Http.GetAsync("/health", Ct);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Ct));
    }

    /// <returns>Minus one while the table is not there.</returns>
    private static async Task<long> CountAsync(RoleDatabase database, string from)
    {
        try
        {
            await using var command = database.Administrator.CreateCommand($"select count(*) from {from}");
            return (long)(await command.ExecuteScalarAsync(Ct))!;
        }
        catch (PostgresException missing) when (missing.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            return -1;
        }
    }
}
