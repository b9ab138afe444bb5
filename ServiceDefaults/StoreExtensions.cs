using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using Overnight.ServiceDefaults;
using StackExchange.Redis;

namespace Microsoft.Extensions.Hosting;

/// <summary>
/// The two stores of a service: PostgreSQL and the cache, each with telemetry and a health check that degrades the node and never takes
/// it out.
/// </summary>
public static class StoreExtensions
{
    /// <summary>Words of a statement that name its span.</summary>
    private const int SpanWords = 4;

    /// <summary>One data source of PostgreSQL, which the context shares: one pool per service.</summary>
    /// <typeparam name="TContext">The EF Core context. Retry is off: what is retried, and how often, is decided where the work
    /// is.</typeparam>
    /// <param name="connectionName">Below <c>ConnectionStrings</c>.</param>
    /// <param name="complete">Adds what a connection string leaves open.</param>
    /// <param name="configureContext">Settings of the context that are not of the connection.</param>
    /// <param name="configure">Further settings of the data source.</param>
    public static void AddDatabase<TContext>(
        this IHostApplicationBuilder builder,
        string connectionName,
        Func<string?, string?> complete,
        Action<DbContextOptionsBuilder> configureContext,
        Action<NpgsqlDataSourceBuilder>? configure = null
    )
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(builder);
        // Where nothing is exported nothing listens: a span or a measurement of each statement would be made for nobody.
        var isQuiet = !builder.ExportsTelemetry();
        builder.AddNpgsqlDataSource(
            connectionName,
            settings =>
                (settings.ConnectionString, settings.DisableHealthChecks, settings.DisableTracing, settings.DisableMetrics) = (
                    complete(settings.ConnectionString),
                    true,
                    isQuiet,
                    isQuiet
                ),
            database =>
            {
                // Statements of a poll belong to no trace, and each would be a trace of its own.
                database.ConfigureTracing(static tracing =>
                    tracing
                        .ConfigureCommandFilter(static _ => Activity.Current is not null)
                        .ConfigureBatchFilter(static _ => Activity.Current is not null)
                        .ConfigureCopyOperationFilter(static _ => Activity.Current is not null)
                        .ConfigureCommandSpanNameProvider(static command => SpanName(command.CommandText))
                        .EnablePhysicalOpenTracing(false)
                );
                configure?.Invoke(database);
            }
        );
        builder.Services.AddDbContextPool<TContext>(
            (services, options) => configureContext(options.UseNpgsql(services.GetRequiredService<NpgsqlDataSource>()))
        );
        builder.EnrichNpgsqlDbContext<TContext>(static settings =>
            (settings.DisableRetry, settings.DisableHealthChecks, settings.DisableTracing, settings.DisableMetrics) = (
                true,
                true,
                true,
                true
            )
        );
        builder.AddStoreCheck<DatabaseCheck>("database");
    }

    /// <summary>
    /// The one client of the cache server. Its own spans are off: one for each of a thousand writes tells less than the one of their
    /// batch.
    /// </summary>
    /// <param name="connectionName">Below <c>ConnectionStrings</c>.</param>
    /// <param name="configure">Settings of the client.</param>
    public static void AddCache(this IHostApplicationBuilder builder, string connectionName, Action<ConfigurationOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        // Commands such as migrate run where there is no cache yet: it is connected when it is first asked for.
        builder.AddRedisClient(
            connectionName,
            static settings => (settings.DisableHealthChecks, settings.DisableTracing, settings.DisableAutoActivation) = (true, true, true),
            configure
        );
        builder.AddStoreCheck<CacheCheck>("cache");
    }

    /// <summary>The beginning of a statement. Statements are constants of the code, so there are few names.</summary>
    private static string SpanName(string statement)
    {
        var words = statement.Split((char[]?)null, SpanWords + 1, StringSplitOptions.RemoveEmptyEntries);
        return string.Join(' ', words.Take(SpanWords));
    }

    private static void AddStoreCheck<TCheck>(this IHostApplicationBuilder builder, string name)
        where TCheck : StoreCheck =>
        builder.Services.AddHealthChecks().AddCheck<TCheck>(name, HealthStatus.Degraded, [Readiness.Store], Readiness.StoreTimeout);

    /// <summary>A store that is away is a word in a log, not a stack trace each time a probe asks.</summary>
    private abstract class StoreCheck : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            try
            {
                await AskAsync(cancellationToken);
                return HealthCheckResult.Healthy();
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                // Whatever the client throws when its server is away; the check's own limit is told by whoever set it.
                return new(context.Registration.FailureStatus, exception.Message);
            }
        }

        protected abstract Task AskAsync(CancellationToken ct);
    }

    private sealed class DatabaseCheck(NpgsqlDataSource database) : StoreCheck
    {
        protected override async Task AskAsync(CancellationToken ct)
        {
            try
            {
                await AskOnceAsync(ct);
            }
            catch (NpgsqlException) when (!ct.IsCancellationRequested)
            {
                // A pooled connection may have ended before it was used; the next one is fresh.
                await AskOnceAsync(ct);
            }
        }

        private async Task AskOnceAsync(CancellationToken ct)
        {
            await using var command = database.CreateCommand("select 1");
            await command.ExecuteScalarAsync(ct);
        }
    }

    private sealed class CacheCheck(IConnectionMultiplexer cache) : StoreCheck
    {
        protected override Task AskAsync(CancellationToken ct) => cache.GetDatabase().PingAsync().WaitAsync(ct);
    }
}
