using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Overnight.LocalServers;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Servers;

/// <summary>The servers as resources under Aspire's orchestrator.</summary>
public sealed class LocalServerResourceTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Resources_KilledStartedAgainAndStopped_KeepPortAndDataAndEnd()
    {
        var folder = await servers.CreateFolderAsync();
        var builder = Builder();
        var password = builder.AddParameter("password", () => "a-password", secret: true);
        var postgres = builder.AddLocalPostgres(
            "postgres",
            password,
            Path.Combine(folder, "postgres"),
            new() { BinariesDirectory = Repository.BinariesFolder }
        );
        var database = postgres.AddDatabase("kept", "made by the resource", create: true);
        string home;
        await using (var app = builder.Build())
        {
            await app.StartAsync(Ct);
            await app.ResourceNotifications.WaitForResourceHealthyAsync("kept", Ct);
            var before = await database.Resource.ConnectionStringExpression.GetValueAsync(Ct);
            home = postgres.Resource.Prepared!.Home;
            await using (var connection = await OpenAsync(before))
            await using (NpgsqlCommand write = new("create table kept (id int); insert into kept values (7)", connection))
                await write.ExecuteNonQueryAsync(Ct);

            using (var process = Process.GetProcessById(await ProcessIdAsync(app, "postgres")))
                process.Kill();
            await app.ResourceNotifications.WaitForResourceAsync("postgres", KnownResourceStates.Finished, Ct);
            Assert.True((await app.ResourceCommands.ExecuteCommandAsync("postgres", KnownResourceCommands.StartCommand, Ct)).Success);
            await app.ResourceNotifications.WaitForResourceHealthyAsync("postgres", Ct);
            Assert.Equal(before, await database.Resource.ConnectionStringExpression.GetValueAsync(Ct));

            await using var held = await OpenAsync(before);
            await using (NpgsqlCommand read = new("select id from kept", held))
                Assert.Equal(7, await read.ExecuteScalarAsync(Ct));
            await app.StopAsync(Ct);
        }

        // Throws while the server goes on. The orchestrator kills one that takes more than six seconds; ServerStopTests show the order.
        await PostgresPreparation.WaitForPredecessorAsync(home, Ct);
    }

    [Fact]
    public async Task Resources_ThatCannotBePrepared_SayWhyAndNeverStart()
    {
        var folder = await servers.CreateFolderAsync();
        var builder = Builder();
        var password = builder.AddParameter("password", () => "a-password", secret: true);
        var unfit = builder.AddParameter("unfit", () => "a;password", secret: true);
        var old = Path.Combine(folder, "old");
        var home = await (await ServerAccount.FindAsync(Ct)).HomeAsync(old, Ct);
        await File.WriteAllTextAsync(
            Path.Combine(Directory.CreateDirectory(Path.Combine(home, "data")).FullName, "PG_VERSION"),
            "99\n",
            Ct
        );
        builder.AddLocalPostgres("old", password, old);
        builder.AddLocalRedis("unfit-cache", unfit, Path.Combine(folder, "cache"));
        await using var app = builder.Build();
        await app.StartAsync(Ct);

        Assert.Contains("made by PostgreSQL 99", await FailureAsync("old"), StringComparison.Ordinal);
        Assert.Contains("'unfit'", await FailureAsync("unfit-cache"), StringComparison.Ordinal);

        async Task<string> FailureAsync(string name)
        {
            await app.ResourceNotifications.WaitForResourceAsync(name, KnownResourceStates.FailedToStart, Ct);
            var said = "";
            await foreach (
                var lines in app.Services.GetRequiredService<ResourceLoggerService>().GetAllAsync($"{name}-prepare").WithCancellation(Ct)
            )
                said += string.Concat(lines.Select(line => line.Content));
            return said;
        }
    }

    [Fact]
    public async Task Preparation_StartedAgainOnceItsCauseIsMended_StartsTheServer()
    {
        var folder = await servers.CreateFolderAsync();
        var builder = Builder();
        var password = builder.AddParameter("password", () => "a-password", secret: true);
        var data = Path.Combine(folder, "cache");
        // A file in the place of the folder.
        await File.WriteAllTextAsync(data, "", Ct);
        builder.AddLocalRedis("cache", password, data);
        await using var app = builder.Build();
        await app.StartAsync(Ct);
        await app.ResourceNotifications.WaitForResourceAsync("cache-prepare", KnownResourceStates.FailedToStart, Ct);
        await app.ResourceNotifications.WaitForResourceAsync("cache", KnownResourceStates.FailedToStart, Ct);

        var unmended = await app.ResourceCommands.ExecuteCommandAsync("cache-prepare", KnownResourceCommands.StartCommand, Ct);
        File.Delete(data);
        var mended = await app.ResourceCommands.ExecuteCommandAsync("cache-prepare", KnownResourceCommands.StartCommand, Ct);

        Assert.False(unmended.Success);
        Assert.Contains("'cache' can't be prepared", unmended.Message, StringComparison.Ordinal);
        Assert.True(mended.Success, mended.Message);
        await app.ResourceNotifications.WaitForResourceHealthyAsync("cache", Ct);
        await app.StopAsync(Ct);
    }

    [Fact]
    public void Model_OfServers_WaitsForPreparationsAndIsNotPublished()
    {
        var builder = Builder();
        var password = builder.AddParameter("password", () => "a-password", secret: true);
        var cache = builder.AddLocalRedis("cache", password, "unused");
        var database = builder.AddLocalPostgres("postgres", password, "unused").AddDatabase("overnight");

        foreach (var server in (LocalServerResource[])[cache.Resource, database.Resource.Parent])
        {
            var preparation = Assert.Single(builder.Resources, resource => resource.Name == $"{server.Name}-prepare");
            var wait = Assert.Single(server.Annotations.OfType<WaitAnnotation>());
            Assert.Equal((preparation, WaitType.WaitForCompletion), (wait.Resource, wait.WaitType));
            Assert.Single(server.Annotations.OfType<HealthCheckAnnotation>());
            Assert.True(server.IsExcludedFromPublish() && preparation.IsExcludedFromPublish());
        }
        Assert.Equal(
            "Host={postgres.bindings.tcp.host};Port={postgres.bindings.tcp.port};Username=postgres;Password={password.value};Database=overnight",
            database.Resource.ConnectionStringExpression.ValueExpression.Replace(
                "{postgres.connectionString}",
                database.Resource.Parent.ConnectionStringExpression.ValueExpression,
                StringComparison.Ordinal
            )
        );
        Assert.Equal(
            "{cache.bindings.tcp.host}:{cache.bindings.tcp.port},password={password.value}",
            cache.Resource.ConnectionStringExpression.ValueExpression
        );
    }

    private static IDistributedApplicationBuilder Builder()
    {
        var builder = DistributedApplication.CreateBuilder(
            new DistributedApplicationOptions { AssemblyName = "Overnight.AppHost", DisableDashboard = true }
        );
        builder.Services.AddLogging(logging => logging.ClearProviders());
        return builder;
    }

    private static async Task<int> ProcessIdAsync(DistributedApplication app, string name)
    {
        var running = await app.ResourceNotifications.WaitForResourceAsync(name, now => Id(now) is not null, Ct);
        return Convert.ToInt32(Id(running));

        static object? Id(ResourceEvent now) =>
            now.Snapshot.Properties.FirstOrDefault(property => property.Name == "executable.pid")?.Value;
    }

    private static async Task<NpgsqlConnection> OpenAsync(string? connectionString)
    {
        NpgsqlConnection connection = new(connectionString + ";Pooling=false");
        await connection.OpenAsync(Ct);
        return connection;
    }
}
