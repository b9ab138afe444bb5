using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Overnight.Core.Caching;
using Overnight.Core.Data;
using Overnight.Core.Market.Calendars;
using Overnight.Jobs.Commands;

namespace Overnight.Jobs;

/// <summary>Builds the host of the service and of every command: configuration, telemetry and the two connections.</summary>
internal static class JobsBuilder
{
    private const int BufferSize = 64 * 1024;

    /// <exception cref="CommandException">There is no connection string for the database, or it can't be read.</exception>
    public static HostApplicationBuilder Create(string[] args)
    {
        var builder = CreateUnconnected(args);
        RequireDatabase(builder.Configuration);
        AddConnections(builder);
        return builder;
    }

    /// <summary>Configuration alone, for commands that need no server.</summary>
    public static HostApplicationBuilder CreateUnconnected(string[] args)
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

        var builder = Host.CreateApplicationBuilder(settings);
        if (running is not null && builder.Environment.IsDevelopment())
            running.AddTo(builder.Configuration);
        return builder;
    }

    /// <summary>Telemetry, the database and the cache, from the builder's configuration.</summary>
    internal static void AddConnections(IHostApplicationBuilder builder)
    {
        builder.AddServiceDefaults();
        builder.AddDatabase<OvernightContext>(
            "overnight",
            static connectionString => DatabaseConnection.Complete(connectionString),
            OvernightContext.Configure,
            // A batch moves megabytes each way; with the default 8 KB that is a system call for every user.
            static database =>
                (database.ConnectionStringBuilder.ReadBufferSize, database.ConnectionStringBuilder.WriteBufferSize) = (
                    BufferSize,
                    BufferSize
                )
        );
        builder.AddCache("cache", options => CacheConnection.Configure(options, builder.Configuration));
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
