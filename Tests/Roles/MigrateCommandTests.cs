using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Npgsql;
using Overnight.Core.Data;
using Overnight.Jobs.Commands;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Roles;

/// <summary>What the command says, run as a person would.</summary>
public sealed class MigrateCommandTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Migrate_WithAndWithoutTheServersString_SaysWhichRolesThereAre()
    {
        var server = await servers.CreateEmptyDatabaseAsync(Ct);
        var name = new NpgsqlConnectionStringBuilder(server).Database!;

        var one = await RunAsync(new ConfigurationBuilder().AddInMemoryCollection([new("ConnectionStrings:overnight", server)]).Build());
        var three = await RunAsync(TestRoles.Configuration(server, name));
        var again = await RunAsync(TestRoles.Configuration(server, name));

        Assert.StartsWith("One role does everything: ConnectionStrings:postgres is not set.", one);
        Assert.Contains("objects of an earlier build were handed over to the database's owner.", three);
        Assert.Equal($"Database \"{name}\" is up to date.", again.Trim());
        await using var database = RoleDatabase.At(server);
        Assert.Null(await RoleDatabase.TryAsync(database.Api, "select count(*) from tenants", Ct));
    }

    private async Task<string> RunAsync(IConfiguration configuration)
    {
        ProcessStartInfo start = new("dotnet", [typeof(CommandLine).Assembly.Location, "migrate"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = await servers.CreateFolderAsync(),
        };
        start.Environment["DOTNET_ENVIRONMENT"] = "Production";
        string[] keys = [DatabaseConnection.Server, DatabaseConnection.Overnight, DatabaseConnection.Api, DatabaseConnection.Sets];
        foreach (var key in keys)
            start.Environment[$"ConnectionStrings__{key}"] = configuration.GetConnectionString(key);
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(Ct), process.StandardError.ReadToEndAsync(Ct));
        await process.WaitForExitAsync(Ct);
        Assert.Equal((0, ""), (process.ExitCode, await error));
        foreach (var key in keys)
        {
            if (configuration.GetConnectionString(key) is { } text)
                Assert.DoesNotContain(new NpgsqlConnectionStringBuilder(text).Password!, await output);
        }
        return await output;
    }
}
