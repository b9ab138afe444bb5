using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Overnight.LocalServers;

namespace Overnight.Tests.Harness;

/// <summary>PostgreSQL and the cache as the app's resources, in an app model of their own, under Aspire's orchestrator.</summary>
internal sealed class SharedServers : IAsyncDisposable
{
    private readonly DistributedApplication _app;
    private readonly string _postgres,
        _home;

    private SharedServers(DistributedApplication app, string postgres, string cache, string home) =>
        (_app, _postgres, Cache, _home) = (app, postgres, cache, home);

    /// <summary>The cache's connection string.</summary>
    public string Cache { get; }

    /// <exception cref="MissingServerException">One of them is not to be had; the message is what its preparation said.</exception>
    public static async Task<SharedServers> StartAsync(string folder, string secret)
    {
        var builder = DistributedApplication.CreateBuilder(
            new DistributedApplicationOptions { AssemblyName = "Overnight.AppHost", DisableDashboard = true }
        );
        builder.Services.AddLogging(logging => logging.ClearProviders());
        var password = builder.AddParameter("password", () => secret, secret: true);
        var postgres = builder.AddLocalPostgres(
            "postgres",
            password,
            Path.Combine(folder, "postgres"),
            new() { IsDurable = false, BinariesDirectory = Repository.BinariesFolder }
        );
        var cache = builder.AddLocalRedis("cache", password, Path.Combine(folder, "cache"), new() { ToolDirectory = Repository.Folder });
        var app = builder.Build();
        await app.StartAsync();
        await HealthyAsync(app, postgres.Resource);
        await HealthyAsync(app, cache.Resource);
        return new(
            app,
            (await postgres.Resource.ConnectionStringExpression.GetValueAsync(CancellationToken.None))!,
            (await cache.Resource.ConnectionStringExpression.GetValueAsync(CancellationToken.None))!,
            postgres.Resource.Prepared!.Home
        );
    }

    /// <returns>A connection string of the server's superuser.</returns>
    public string Postgres(string database) => new NpgsqlConnectionStringBuilder(_postgres) { Database = database }.ConnectionString;

    /// <param name="from">The database that is copied; nobody may be connected to it.</param>
    /// <param name="owner">A role, or <c>default</c> for the superuser.</param>
    public async Task CreateDatabaseAsync(string name, string from, string owner, CancellationToken ct)
    {
        await using NpgsqlConnection connection = new(Postgres("postgres"));
        await connection.OpenAsync(ct);
        await using NpgsqlCommand create = new($"create database {name} template {from} owner {owner}", connection);
        await create.ExecuteNonQueryAsync(ct);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        // The orchestrator does not wait for the end of what it stops, and the folder is deleted next.
        await PostgresPreparation.WaitForPredecessorAsync(_home, CancellationToken.None);
    }

    private static async Task HealthyAsync(DistributedApplication app, LocalServerResource server)
    {
        try
        {
            await app.ResourceNotifications.WaitForResourceHealthyAsync(server.Name, WaitBehavior.StopOnResourceUnavailable);
        }
        catch (DistributedApplicationException e) when (server.Prepared is null)
        {
            var logs = app.Services.GetRequiredService<ResourceLoggerService>();
            List<string> said = [];
            await foreach (var lines in logs.GetAllAsync($"{server.Name}-prepare"))
                said.AddRange(lines.Select(line => line.Content));
            throw new MissingServerException(said.LastOrDefault() ?? e.Message);
        }
    }
}
