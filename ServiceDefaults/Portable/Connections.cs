// The names of Aspire.Npgsql, Aspire.Npgsql.EntityFrameworkCore.PostgreSQL and Aspire.StackExchange.Redis that Overnight uses.
using Aspire.Npgsql;
using Aspire.Npgsql.EntityFrameworkCore.PostgreSQL;
using Aspire.StackExchange.Redis;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using StackExchange.Redis;

namespace Aspire.Npgsql
{
    public class NpgsqlSettings
    {
        public string? ConnectionString { get; set; }
        public bool DisableHealthChecks { get; set; }
        public bool DisableMetrics { get; set; }
        public bool DisableTracing { get; set; }
    }
}

namespace Aspire.Npgsql.EntityFrameworkCore.PostgreSQL
{
    public class NpgsqlEntityFrameworkCorePostgreSQLSettings
    {
        public int? CommandTimeout { get; set; }
        public string? ConnectionString { get; set; }
        public bool DisableHealthChecks { get; set; }
        public bool DisableMetrics { get; set; }
        public bool DisableRetry { get; set; }
        public bool DisableTracing { get; set; }
    }
}

namespace Aspire.StackExchange.Redis
{
    public sealed class StackExchangeRedisSettings
    {
        public string? ConnectionString { get; set; }
        public bool DisableAutoActivation { get; set; }
        public bool DisableHealthChecks { get; set; }
        public bool DisableTracing { get; set; }
    }
}

namespace Microsoft.Extensions.Hosting
{
    public static class AspirePostgreSqlNpgsqlExtensions
    {
        public static void AddNpgsqlDataSource(
            this IHostApplicationBuilder builder,
            string connectionName,
            Action<NpgsqlSettings>? configureSettings = null,
            Action<NpgsqlDataSourceBuilder>? configureDataSourceBuilder = null
        )
        {
            ArgumentNullException.ThrowIfNull(builder);
            NpgsqlSettings settings = new() { ConnectionString = builder.Configuration.GetConnectionString(connectionName) };
            configureSettings?.Invoke(settings);

            builder.Services.AddSingleton(services =>
            {
                NpgsqlDataSourceBuilder source = new(ConnectionStrings.Required(settings.ConnectionString, connectionName));
                source.UseLoggerFactory(services.GetService<Logging.ILoggerFactory>());
                configureDataSourceBuilder?.Invoke(source);
                return source.Build();
            });
            builder.AddNpgsqlTelemetry(settings.DisableTracing, settings.DisableMetrics);
            if (!settings.DisableHealthChecks)
                builder.Services.AddHealthChecks().AddCheck<NpgsqlHealthCheck>("PostgreSql");
        }

        internal static void AddNpgsqlTelemetry(this IHostApplicationBuilder builder, bool noTraces, bool noMetrics)
        {
            // Only said to a provider that something else builds.
            if (!noTraces)
                builder.Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddSource("Npgsql"));
            if (!noMetrics)
                builder.Services.ConfigureOpenTelemetryMeterProvider(metrics => metrics.AddMeter("Npgsql"));
        }
    }

    public static class AspireEFPostgreSqlExtensions
    {
        public static void AddNpgsqlDbContext<TContext>(
            this IHostApplicationBuilder builder,
            string connectionName,
            Action<NpgsqlEntityFrameworkCorePostgreSQLSettings>? configureSettings = null,
            Action<DbContextOptionsBuilder>? configureDbContextOptions = null
        )
            where TContext : DbContext
        {
            ArgumentNullException.ThrowIfNull(builder);
            NpgsqlEntityFrameworkCorePostgreSQLSettings settings = new()
            {
                ConnectionString = builder.Configuration.GetConnectionString(connectionName),
            };
            configureSettings?.Invoke(settings);

            builder.Services.AddDbContextPool<TContext>(options =>
            {
                options.UseNpgsql(ConnectionStrings.Required(settings.ConnectionString, connectionName), npgsql =>
                {
                    if (!settings.DisableRetry)
                        npgsql.EnableRetryOnFailure();
                    if (settings.CommandTimeout is { } seconds)
                        npgsql.CommandTimeout(seconds);
                });
                configureDbContextOptions?.Invoke(options);
            });
            builder.AddNpgsqlTelemetry(settings.DisableTracing, settings.DisableMetrics);
            if (!settings.DisableHealthChecks)
                builder.Services.AddHealthChecks().AddCheck<DbContextHealthCheck<TContext>>(typeof(TContext).Name);
        }
    }

    public static class AspireRedisExtensions
    {
        public static void AddRedisClient(
            this IHostApplicationBuilder builder,
            string connectionName,
            Action<StackExchangeRedisSettings>? configureSettings = null,
            Action<ConfigurationOptions>? configureOptions = null
        )
        {
            ArgumentNullException.ThrowIfNull(builder);
            StackExchangeRedisSettings settings = new() { ConnectionString = builder.Configuration.GetConnectionString(connectionName) };
            configureSettings?.Invoke(settings);

            builder.Services.AddSingleton<IConnectionMultiplexer>(_ =>
            {
                var options = ConnectionStrings.Redis(settings.ConnectionString, connectionName);
                configureOptions?.Invoke(options);
                var redis = ConnectionMultiplexer.Connect(options);
                // In order, one slow continuation holds up every reply behind it.
                redis.PreserveAsyncOrder = false;
                return redis;
            });
            if (!settings.DisableHealthChecks)
                builder.Services.AddHealthChecks().AddCheck<RedisHealthCheck>("StackExchange.Redis");
        }
    }

    internal static class ConnectionStrings
    {
        /// <summary>A cache that is away at start is no reason not to start, and a call to it may not wait long. Milliseconds.</summary>
        public static ConfigurationOptions Redis(string? given, string name)
        {
            var text = Required(given, name);
            var options = ConfigurationOptions.Parse(text);
            if (!text.Contains("abortConnect", StringComparison.OrdinalIgnoreCase))
                options.AbortOnConnectFail = false;
            if (!text.Contains("connectTimeout", StringComparison.OrdinalIgnoreCase))
                options.ConnectTimeout = 2_000;
            return options;
        }

        public static string Required(string? given, string name) =>
            !string.IsNullOrWhiteSpace(given)
                ? given
                : throw new InvalidOperationException(
                    $"There is no connection string '{name}': start the app with the AppHost, or set ConnectionStrings__{name}."
                );
    }

    /// <summary>A store that is away is a word in a log, not a stack trace each time a probe asks.</summary>
    internal abstract class StoreHealthCheck : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            try
            {
                await AskAsync(cancellationToken);
                return HealthCheckResult.Healthy();
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                // Whatever the client throws when its server is away; the check's own limit is told by whoever set it.
                return new(context.Registration.FailureStatus, e.Message);
            }
        }

        protected abstract Task AskAsync(CancellationToken ct);
    }

    internal sealed class NpgsqlHealthCheck(NpgsqlDataSource source) : StoreHealthCheck
    {
        protected override async Task AskAsync(CancellationToken ct)
        {
            await using var command = source.CreateCommand("select 1");
            await command.ExecuteScalarAsync(ct);
        }
    }

    internal sealed class DbContextHealthCheck<TContext>(TContext database) : StoreHealthCheck
        where TContext : DbContext
    {
        protected override async Task AskAsync(CancellationToken ct)
        {
            if (!await database.Database.CanConnectAsync(ct))
                throw new InvalidOperationException("The database can't be reached.");
        }
    }

    internal sealed class RedisHealthCheck(IConnectionMultiplexer redis) : StoreHealthCheck
    {
        protected override Task AskAsync(CancellationToken ct) => redis.GetDatabase().PingAsync().WaitAsync(ct);
    }
}
