using Microsoft.Extensions.Configuration;
using Npgsql;
using Overnight.Core.Data;
using Overnight.Jobs.Migrations;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Roles;

/// <summary>A database of a test's own, asked as each of its roles.</summary>
internal sealed class RoleDatabase : IAsyncDisposable
{
    private RoleDatabase(IConfiguration configuration, string administrator)
    {
        (Configuration, Server) = (configuration, administrator);
        Administrator = NpgsqlDataSource.Create(administrator);
        (Owner, Api, Sets) = (Source(DatabaseConnection.Overnight), Source(DatabaseConnection.Api), Source(DatabaseConnection.Sets));
    }

    public IConfiguration Configuration { get; }

    /// <summary>The administrator's string to this database; a data source keeps the password to itself.</summary>
    public string Server { get; }
    public NpgsqlDataSource Administrator { get; }
    public NpgsqlDataSource Owner { get; }
    public NpgsqlDataSource Api { get; }
    public NpgsqlDataSource Sets { get; }

    /// <param name="administrator">The administrator's string to the database, which may be missing.</param>
    public static RoleDatabase At(string administrator) =>
        new(TestRoles.Configuration(administrator, new NpgsqlConnectionStringBuilder(administrator).Database!), administrator);

    /// <summary>Without tables.</summary>
    public static async Task<RoleDatabase> CreateEmptyAsync(TestServers servers, CancellationToken ct) =>
        At(await servers.CreateEmptyDatabaseAsync(ct));

    public static async Task<RoleDatabase> CreateAsync(TestServers servers, CancellationToken ct)
    {
        var database = await CreateEmptyAsync(servers, ct);
        await database.MigrateAsync(ct);
        return database;
    }

    public Task<MigrationOutcome> MigrateAsync(CancellationToken ct) => TestRoles.MigrateAsync(Configuration, ct);

    /// <returns>The code of PostgreSQL's refusal; null where there is none.</returns>
    public static async Task<string?> TryAsync(NpgsqlDataSource role, string sql, CancellationToken ct)
    {
        try
        {
            await using var command = role.CreateCommand(sql);
            await command.ExecuteNonQueryAsync(ct);
            return null;
        }
        catch (PostgresException refused)
        {
            return refused.SqlState;
        }
    }

    /// <summary>The first column of every row, as text; null as an empty string.</summary>
    public static async Task<string[]> TextsAsync(NpgsqlDataSource role, string sql, CancellationToken ct)
    {
        await using var command = role.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<string> texts = [];
        while (await reader.ReadAsync(ct))
            texts.Add(reader.IsDBNull(0) ? "" : Convert.ToString(reader.GetValue(0))!);
        return [.. texts];
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var source in (NpgsqlDataSource[])[Administrator, Owner, Api, Sets])
            await source.DisposeAsync();
    }

    private NpgsqlDataSource Source(string key) => NpgsqlDataSource.Create(Configuration.GetConnectionString(key)!);
}
