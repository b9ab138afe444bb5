using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using Overnight.ServiceDefaults;
using StackExchange.Redis;

namespace Microsoft.Extensions.Hosting;

/// <summary>
/// Adds the two stores of a service, PostgreSQL and the cache, each with telemetry and a health check. A lost store degrades the node; it
/// never takes the node out of service alone.
/// </summary>
public static class StoreExtensions
{
    /// <summary>Refuses connections at once: a port that nothing listens on.</summary>
    private const string Nowhere = "127.0.0.1:1,connectRetry=0,connectTimeout=100";

    /// <summary>Number of words of a statement that its span has as a name.</summary>
    private const int SpanWords = 4;

    /// <summary>Adds one PostgreSQL data source, and so one connection pool, which the EF Core context shares.</summary>
    /// <typeparam name="TContext">The EF Core context. Its automatic retry is off, because callers decide what they retry, and how
    /// often.</typeparam>
    /// <param name="builder">The application builder.</param>
    /// <param name="connectionName">Name below <c>ConnectionStrings</c>.</param>
    /// <param name="complete">Adds the settings that a connection string leaves open.</param>
    /// <param name="configureContext">Options of the context that do not concern the connection.</param>
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
        // Without an exporter, spans and measurements of statements would be created for nothing.
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
                // Statements of a poll run outside any trace, and each would start a trace of its own.
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
    /// Adds the client of the cache server; where none is configured, one that never connects. Its own spans are off, because a span for
    /// each of a thousand writes shows less than the span of their batch.
    /// </summary>
    /// <param name="builder">The application builder.</param>
    /// <param name="connectionName">Name below <c>ConnectionStrings</c>.</param>
    /// <param name="configure">Settings of the client.</param>
    public static void AddCache(this IHostApplicationBuilder builder, string connectionName, Action<ConfigurationOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var isConfigured = !string.IsNullOrWhiteSpace(builder.Configuration.GetConnectionString(connectionName));
        // Commands such as migrate run where there is no cache yet, so the client connects only when it is first used.
        builder.AddRedisClient(
            connectionName,
            settings =>
            {
                (settings.DisableHealthChecks, settings.DisableTracing, settings.DisableAutoActivation) = (true, true, true);
                if (!isConfigured)
                    settings.ConnectionString = Nowhere;
            },
            configure
        );
        if (isConfigured)
            builder.AddStoreCheck<CacheCheck>("cache");
    }

    /// <summary>The beginning of a statement as a span's name. Statements are constants of the code, so there are few names.</summary>
    private static string SpanName(string statement)
    {
        var words = statement.Split((char[]?)null, SpanWords + 1, StringSplitOptions.RemoveEmptyEntries);
        return string.Join(' ', words.Take(SpanWords));
    }

    private static void AddStoreCheck<TCheck>(this IHostApplicationBuilder builder, string name)
        where TCheck : StoreCheck =>
        builder.Services.AddHealthChecks().AddCheck<TCheck>(name, HealthStatus.Degraded, [Readiness.Store], Readiness.StoreTimeout);

    /// <summary>Reports a store that can't be reached by a message, because a stack trace for each probe would fill the log.</summary>
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
                // Clients throw different exceptions when their server can't be reached. The check's own timeout is reported by its caller.
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
                // A pooled connection may have ended before it was used; the second attempt opens a new one.
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
