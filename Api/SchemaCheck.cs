using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using Overnight.Core.Data;

namespace Overnight.Api;

/// <summary>
/// Not ready until the database has this build's schema: <c>jobs</c> migrates it, and may do so after this node has started. A lost
/// database does not fail this check, since nodes answer from the cache without it; the check of the store reports that.
/// </summary>
internal sealed class SchemaCheck(NpgsqlDataSource database) : IHealthCheck
{
    public const string Name = "schema";

    private static readonly string Newest = MigrationIds.Ids[^1];

    private volatile bool _isThere;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (_isThere)
            return HealthCheckResult.Healthy();
        try
        {
            _isThere = await HasTableAsync(cancellationToken) && await HasMigrationAsync(cancellationToken);
            return _isThere ? HealthCheckResult.Healthy() : NotYet($"has no migration {Newest}");
        }
        catch (PostgresException exception) when (!DatabaseOutage.Is(exception))
        {
            // The server answers, but the database or the role does not exist, or the role may not read.
            return NotYet($"can't be asked ({exception.SqlState})");
        }
        catch (NpgsqlException)
        {
            return HealthCheckResult.Healthy("unknown: PostgreSQL is away");
        }
    }

    private static HealthCheckResult NotYet(string why) =>
        HealthCheckResult.Unhealthy($"the database {why}; jobs migrates it, or the command migrate");

    // Checked first, since a query on a missing table would put an error into the server's log.
    private async Task<bool> HasTableAsync(CancellationToken ct)
    {
        await using var command = database.CreateCommand($"select to_regclass('{MigrationIds.HistoryTable}') is not null");
        return await command.ExecuteScalarAsync(ct) is true;
    }

    private async Task<bool> HasMigrationAsync(CancellationToken ct)
    {
        await using var command = database.Command(
            $"select exists (select from {MigrationIds.HistoryTable} where migration_id = $1)",
            Newest
        );
        return await command.ExecuteScalarAsync(ct) is true;
    }
}
