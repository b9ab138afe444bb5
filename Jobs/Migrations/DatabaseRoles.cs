using Microsoft.Extensions.Configuration;
using Npgsql;
using Overnight.Core.Data;
using Overnight.Jobs.Commands;

namespace Overnight.Jobs.Migrations;

/// <summary>What was done about roles.</summary>
/// <param name="HandedOver">Objects of an earlier build that the owner took over.</param>
/// <param name="CarriedOver">Grants of the role of earlier builds that own sets were read with, as statements.</param>
/// <param name="ReaderRoleUpgrade">What became of that role; null where there is none.</param>
internal sealed record RolesOutcome(int HandedOver, IReadOnlyList<string> CarriedOver, string? ReaderRoleUpgrade);

/// <summary>
/// Who may do what: the owner of the database (<c>jobs</c>), a role that changes rows (<c>api</c>), and one that reads what it
/// was granted (own warm sets). Used by whoever migrates, before and after the schema is brought up to date.
/// </summary>
/// <remarks>
/// No migration of the schema names a role, for names and the very existence of roles are the deployment's. All that is granted
/// is granted in one place after each migrate, so that a table that was added can't be forgotten, and a server that gets its roles
/// later needs nothing but another migrate.
/// </remarks>
internal sealed class DatabaseRoles(IConfiguration configuration)
{
    private const string OneRole =
        $"One role does everything: ConnectionStrings:{DatabaseConnection.Server} is not set. The api may change tables, and warm sets of your own are off (docs/operate.md, Roles).";

    private readonly RoleConnections? _connections = RoleConnections.Read(configuration);

    /// <summary>Whether roles and database are made here, by the server's administrator.</summary>
    public bool AreMade => _connections?.Server is not null;

    /// <summary>Before anyone connects: the roles and the database are there.</summary>
    /// <returns>Whether the database was made.</returns>
    public Task<bool> CreateAsync(CancellationToken ct) =>
        AsAdministratorAsync((roles, server) => RoleSetup.CreateAsync(roles, server, ct), null);

    /// <summary>Before the schema is changed, by the one process that does: all in it is the owner's.</summary>
    /// <returns>Null where roles are not made here.</returns>
    public async Task<RolesOutcome?> TakeOverAsync(CancellationToken ct)
    {
        if (!AreMade)
            return null;
        var (objects, grants, isReaderIdle) = await AsAdministratorAsync(
            async (roles, server) =>
            {
                await using var connection = await server.OpenConnectionAsync(ct);
                var objects = await ObjectHandover.RunAsync(connection, roles.Owner.Name, ct);
                var (grants, isIdle) = await ReaderRoleUpgrade.ReplaceAsync(connection, roles.Sets!.Name, ct);
                return (objects, grants, isIdle);
            },
            _connections!.Database
        );
        return new(objects, grants, isReaderIdle ? await AsAdministratorAsync(DropReaderAsync, null) : null);

        async Task<string> DropReaderAsync(RoleConnections roles, NpgsqlDataSource server)
        {
            await using var connection = await server.OpenConnectionAsync(ct);
            await connection.ExecuteAsync(RoleSetup.Lock, ct);
            return await ReaderRoleUpgrade.DropAsync(connection, ct);
        }
    }

    /// <summary>After the schema was changed.</summary>
    /// <param name="owner">A connection of the owner.</param>
    public Task GrantAsync(NpgsqlConnection owner, CancellationToken ct) =>
        _connections is null ? Task.CompletedTask : RoleGrants.ApplyAsync(owner, _connections.Api?.Name, _connections.Sets?.Name, ct);

    /// <summary>What a person should know of it, a line each.</summary>
    /// <param name="outcome">Of <see cref="TakeOverAsync"/>.</param>
    public IEnumerable<string> Describe(RolesOutcome? outcome)
    {
        if (_connections is null)
            yield return OneRole;
        else if (_connections.Api is null)
            yield return $"Nothing was granted to the role of the api: ConnectionStrings:{DatabaseConnection.Api} is not set.";
        if (outcome is null)
            yield break;
        if (outcome.HandedOver > 0)
            yield return $"{outcome.HandedOver} objects of an earlier build were handed over to the database's owner.";
        foreach (var grant in outcome.CarriedOver)
            yield return $"Carried over: {grant}";
        if (outcome.ReaderRoleUpgrade is { } fate)
            yield return fate;
    }

    /// <param name="database">Null for the one that the administrator's string names.</param>
    private async Task<T> AsAdministratorAsync<T>(Func<RoleConnections, NpgsqlDataSource, Task<T>> work, string? database)
    {
        NpgsqlConnectionStringBuilder text = new(_connections!.Server!.ConnectionString);
        text.Database = database ?? text.Database;
        NpgsqlDataSourceBuilder builder = new(text.ConnectionString);
        // Statements with verifiers of passwords in them belong into no trace.
        builder.ConfigureTracing(static tracing =>
            tracing.ConfigureCommandFilter(static _ => false).ConfigureBatchFilter(static _ => false).EnablePhysicalOpenTracing(false)
        );
        await using var server = builder.Build();
        try
        {
            return await work(_connections, server);
        }
        // One that is away is told, or waited for, as it is where the owner's connection can't be opened.
        catch (NpgsqlException exception)
            when (!DatabaseOutage.Is(exception) && DatabaseErrors.Explain(exception, text, DatabaseConnection.Server) is { } message)
        {
            throw new CommandException(message, exception);
        }
    }
}
