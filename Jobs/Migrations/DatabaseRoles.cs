using Microsoft.Extensions.Configuration;
using Npgsql;
using Overnight.Core.Data;
using Overnight.Jobs.Commands;

namespace Overnight.Jobs.Migrations;

/// <summary>What <see cref="DatabaseRoles"/> changed for databases of earlier builds.</summary>
/// <param name="HandedOver">Objects of an earlier build that the owner took over.</param>
/// <param name="CarriedOver">Grants carried over from the reader role of earlier builds, as statements.</param>
/// <param name="ReaderRoleUpgrade">What became of the reader role, in a sentence; null where there is none.</param>
internal sealed record RolesOutcome(int HandedOver, IReadOnlyList<string> CarriedOver, string? ReaderRoleUpgrade);

/// <summary>
/// Sets up who may do what: the owner of the database (<c>jobs</c>), a role that changes rows (<c>api</c>), and one that reads what it
/// was granted (configured warm sets). Used before and after the schema is migrated.
/// </summary>
/// <remarks>
/// Schema migrations name no role, since the names and the existence of roles are up to the deployment. Everything is granted in one
/// place after each migrate, so that no new table is forgotten, and a server that gets its roles later only needs another migrate.
/// </remarks>
internal sealed class DatabaseRoles(IConfiguration configuration)
{
    private const string OneRole =
        $"One role does everything: ConnectionStrings:{DatabaseConnection.Server} is not set. The api may change tables, and warm sets of your own are off (docs/operate.md, Roles).";

    private readonly RoleConnections? _connections = RoleConnections.Read(configuration);

    /// <summary>Whether roles and database are made here, by the server's administrator.</summary>
    public bool AreMade => _connections?.Server is not null;

    /// <summary>Creates the roles and the database; called before anything connects to it.</summary>
    /// <returns>Whether the database was made.</returns>
    public Task<bool> CreateAsync(CancellationToken ct) =>
        AsAdministratorAsync((roles, server) => RoleCreation.CreateAsync(roles, server, ct), null);

    /// <summary>Makes the owner the owner of all objects; called before the schema is changed, by the process that changes it.</summary>
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
            await connection.ExecuteAsync(RoleCreation.Lock, ct);
            return await ReaderRoleUpgrade.DropAsync(connection, ct);
        }
    }

    /// <summary>Grants the other roles their rights; called after the schema was changed.</summary>
    /// <param name="owner">A connection of the owner.</param>
    public Task GrantAsync(NpgsqlConnection owner, CancellationToken ct) =>
        _connections is null ? Task.CompletedTask : RoleGrants.ApplyAsync(owner, _connections.Api?.Name, _connections.Sets?.Name, ct);

    /// <summary>What was done, for a person, a line each.</summary>
    /// <param name="outcome">Result of <see cref="TakeOverAsync"/>.</param>
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
        // Not traced, since the statements contain password verifiers.
        builder.ConfigureTracing(static tracing =>
            tracing.ConfigureCommandFilter(static _ => false).ConfigureBatchFilter(static _ => false).EnablePhysicalOpenTracing(false)
        );
        await using var server = builder.Build();
        try
        {
            return await work(_connections, server);
        }
        // A server that is away is left to the caller, which reports it or waits for it.
        catch (NpgsqlException exception)
            when (!DatabaseOutage.Is(exception) && DatabaseErrors.Explain(exception, text, DatabaseConnection.Server) is { } message)
        {
            throw new CommandException(message, exception);
        }
    }
}
