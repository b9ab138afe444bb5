using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Overnight.Core.Caching;
using Overnight.Core.Data;
using Overnight.Core.Market.Calendars;
using Overnight.Jobs.Commands;

namespace Overnight.Jobs;

/// <summary>What the service and every command start from: configuration, telemetry and the two connections.</summary>
internal static class JobsBuilder
{
    private const int BufferSize = 64 * 1024;

    /// <summary>For commands, which open no port.</summary>
    /// <exception cref="CommandException">There is no connection string for the database, or it can't be read.</exception>
    public static HostApplicationBuilder Create(string[] args) => Create(args, Host.CreateApplicationBuilder);

    /// <summary>For the service, whose host is what its scheduler needs.</summary>
    /// <exception cref="CommandException">There is no connection string for the database, or it can't be read.</exception>
    public static T Create<T>(string[] args, Func<HostApplicationBuilderSettings, T> create)
        where T : IHostApplicationBuilder
    {
        var builder = CreateUnconnected(args, create);
        RequireDatabase(builder.Configuration);
        AddConnections(builder);
        return builder;
    }

    /// <summary>Configuration alone, for commands that need no server.</summary>
    public static HostApplicationBuilder CreateUnconnected(string[] args) => CreateUnconnected(args, Host.CreateApplicationBuilder);

    private static T CreateUnconnected<T>(string[] args, Func<HostApplicationBuilderSettings, T> create)
        where T : IHostApplicationBuilder
    {
        var running = RunningApp.Find(Environment.CurrentDirectory);
        HostApplicationBuilderSettings settings = new()
        {
            Args = args,
            ApplicationName = "Overnight.Jobs",
            ContentRootPath = AppContext.BaseDirectory,
        };
        if (running is not null && Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT") is null)
            settings.EnvironmentName = Environments.Development;

        var builder = create(settings);
        if (running is not null && builder.Environment.IsDevelopment())
            running.AddTo(builder.Configuration);
        return builder;
    }

    /// <summary>Telemetry, the database and the cache, from the builder's configuration.</summary>
    internal static void AddConnections(IHostApplicationBuilder builder)
    {
        builder.AddServiceDefaults();
        builder.AddNpgsqlDataSource(
            "overnight",
            s => s.ConnectionString = DatabaseConnection.Complete(s.ConnectionString),
            database =>
            {
                // A batch moves megabytes each way; with the default 8 KB that is a system call for every user.
                database.ConnectionStringBuilder.ReadBufferSize = BufferSize;
                database.ConnectionStringBuilder.WriteBufferSize = BufferSize;
                // What a poll asks every few seconds belongs to no trace and would be one of its own each time.
                database.ConfigureTracing(static tracing =>
                    tracing
                        .ConfigureCommandFilter(static _ => Activity.Current is not null)
                        .ConfigureBatchFilter(static _ => Activity.Current is not null)
                        .EnablePhysicalOpenTracing(false)
                );
            }
        );
        builder.AddNpgsqlDbContext<OvernightContext>("overnight", s =>
            (s.ConnectionString, s.DisableRetry) = (DatabaseConnection.Complete(s.ConnectionString), true)
        );
        // Commands like migrate run where there is no cache yet: it is connected when it is first asked for.
        // A span for each of a thousand writes tells less than the one span of their batch.
        builder.AddRedisClient("cache", s => (s.DisableAutoActivation, s.DisableTracing) = (true, true), CacheConnection.Configure);
        builder.Services.AddMarkets().TryAddSingleton(TimeProvider.System);
    }

    private static void RequireDatabase(IConfiguration configuration)
    {
        var connectionString = configuration.GetConnectionString(DatabaseConnection.Overnight);
        if (string.IsNullOrWhiteSpace(connectionString))
        {
            throw new CommandException(
                "There is no connection to the database: ConnectionStrings:overnight is not set. "
                    + "Start the app (dotnet run --project AppHost), or set ConnectionStrings__overnight, for example to \"Host=127.0.0.1;Username=overnight;Database=overnight\"."
            );
        }
        RequireHost(DatabaseConnection.Overnight, connectionString);
        if (configuration.GetConnectionString(DatabaseConnection.Sets) is { } sets && !string.IsNullOrWhiteSpace(sets))
            RequireHost(DatabaseConnection.Sets, sets);
    }

    private static void RequireHost(string name, string connectionString)
    {
        try
        {
            if (string.IsNullOrEmpty(DatabaseConnection.Read(connectionString, name).Host))
                throw new CommandException(
                    $"ConnectionStrings:{name} names no Host. Give it one, for example \"Host=127.0.0.1;Username=overnight;Database=overnight\"."
                );
        }
        catch (FormatException exception)
        {
            throw new CommandException(exception.Message);
        }
    }
}
