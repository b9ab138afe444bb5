using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Overnight.Benchmarks.Servers;
using Overnight.LocalServers;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Servers;

/// <summary>How servers stop on the signal that stops a resource, without the orchestrator's limit of time.</summary>
public sealed class ServerStopTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Postgres_StoppedBySigterm_DisconnectsItsClientsAndEndsInOrder()
    {
        var folder = await servers.CreateFolderAsync();
        LocalPostgresOptions options = new() { IsDurable = false, BinariesDirectory = Repository.BinariesFolder };
        var prepared = await PostgresPreparation.RunAsync(folder, "a-password", options, NullLogger.Instance, Ct);
        var port = ServerProcess.FreePort();
        string[] arguments = ["-c", prepared.Script, prepared.Home, .. prepared.Command, prepared.PortOption, $"{port}"];
        await using ChildProcess server = new("/bin/sh", arguments);
        await Eventually.TrueAsync(() => Task.FromResult(PostgresPreparation.IsReady(prepared.Home)), "PostgreSQL accepts connections");
        await using NpgsqlConnection held = new($"Host=127.0.0.1;Port={port};Username=postgres;Password=a-password;Pooling=false");
        await held.OpenAsync(Ct);

        await server.StopAsync(TimeSpan.FromMinutes(1));

        Assert.Equal(0, await server.Exited);
        // PostgreSQL takes this file away itself, at the end of an orderly stop.
        Assert.False(File.Exists(Path.Combine(prepared.Home, "data", "postmaster.pid")));
    }
}
