using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Flags;
using Overnight.Core.Market.Calendars;
using Overnight.Jobs.Migrations;

namespace Overnight.Tests.Harness;

/// <summary>The three roles of every server that tests start, made by the product's own migration.</summary>
internal static class TestRoles
{
    public const string Owner = "overnight",
        Api = "overnight_api",
        Sets = "overnight_sets";

    private static readonly string Password = RandomNumberGenerator.GetHexString(32);

    /// <summary>Migrates a database, which may be missing.</summary>
    /// <param name="server">Connection string of the server's administrator, to any database.</param>
    /// <returns>The owner's connection string.</returns>
    public static async Task<string> MigrateAsync(string server, string database, CancellationToken ct)
    {
        await MigrateAsync(Configuration(server, database), ct);
        return As(Owner, server, database);
    }

    /// <summary>The owner's string for a database of the administrator's.</summary>
    public static string OfOwner(string connectionString) =>
        As(Owner, connectionString, new NpgsqlConnectionStringBuilder(connectionString).Database!);

    public static Task<MigrationOutcome> MigrateAsync(IConfiguration configuration, CancellationToken ct) =>
        MigrateAsync(configuration, null, TimeProvider.System, ct);

    public static async Task<MigrationOutcome> MigrateAsync(
        IConfiguration configuration,
        int? users,
        TimeProvider time,
        CancellationToken ct
    )
    {
        // Without pooling, for a database with a session can't be copied.
        NpgsqlConnectionStringBuilder owner = new(configuration.GetConnectionString(DatabaseConnection.Overnight)) { Pooling = false };
        // The data source keeps the password to itself; the context shares it.
        await using var source = NpgsqlDataSource.Create(owner.ConnectionString);
        await using var context = OvernightContext.Open(source);
        return await new DatabaseMigration(
            source,
            context,
            new(Options.Create(new MarketsOptions())),
            new(source, time),
            Options.Create(new FlagOptions { Environment = "development" }),
            new DatabaseRoles(configuration),
            time
        ).RunAsync(users, null, ct);
    }

    /// <summary>What the command <c>migrate</c> is configured with.</summary>
    public static IConfiguration Configuration(string server, string database, params (string Key, string? Value)[] others)
    {
        Dictionary<string, string?> strings = new()
        {
            [DatabaseConnection.Server] = As(null, server, "postgres"),
            [DatabaseConnection.Overnight] = As(Owner, server, database),
            [DatabaseConnection.Api] = As(Api, server, database),
            [DatabaseConnection.Sets] = As(Sets, server, database),
        };
        foreach (var (key, value) in others)
            strings[key] = value;
        return new ConfigurationBuilder()
            .AddInMemoryCollection(strings.Select(pair => KeyValuePair.Create($"ConnectionStrings:{pair.Key}", pair.Value)))
            .Build();
    }

    /// <summary>The string of <c>api</c> for a database of the owner's; one of another role as it is.</summary>
    public static string OfApi(string connectionString) => Instead(connectionString, Api);

    /// <summary>Likewise the one that own sets are read with.</summary>
    public static string OfSets(string connectionString) => Instead(connectionString, Sets);

    /// <summary>What none of the three roles may do.</summary>
    /// <param name="server">Connection string of the server's administrator.</param>
    public static async Task AsAdministratorAsync(string server, string sql, CancellationToken ct)
    {
        await using NpgsqlConnection connection = new(new NpgsqlConnectionStringBuilder(server) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(ct);
        await using NpgsqlCommand command = new(sql, connection);
        await command.ExecuteNonQueryAsync(ct);
    }

    private static string Instead(string connectionString, string role)
    {
        NpgsqlConnectionStringBuilder text = new(connectionString);
        if (text.Username == Owner)
            text.Username = role;
        return text.ConnectionString;
    }

    /// <param name="role">Null for the one of the string.</param>
    private static string As(string? role, string server, string database)
    {
        NpgsqlConnectionStringBuilder text = new(server) { Database = database };
        if (role is not null)
            (text.Username, text.Password) = (role, Password);
        return text.ConnectionString;
    }
}
