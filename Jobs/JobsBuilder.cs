using System.Reflection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Overnight.Core;
using Overnight.Core.Caching;
using Overnight.Core.Data;
using Overnight.Core.Market.Calendars;
using Overnight.Jobs.Commands;

namespace Overnight.Jobs;

/// <summary>Builds the host of the service and of every command: configuration, telemetry and the two connections.</summary>
internal static class JobsBuilder
{
    private const int BufferSize = 64 * 1024;

    /// <exception cref="OptionsValidationException">A connection string is missing or can't be read.</exception>
    public static HostApplicationBuilder Create(string[] args)
    {
        var builder = CreateUnconnected(args);
        HostSettingsCheck.Check(builder.Configuration);
        builder.AddConnections();
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
        if ((running is not null || IsBuiltForTheDesk()) && Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT") is null)
            settings.EnvironmentName = Environments.Development;

        var builder = Host.CreateApplicationBuilder(settings);
        if (running is not null && builder.Environment.IsDevelopment())
            running.AddTo(builder.Configuration);
        return builder;
    }

    /// <summary>
    /// Whether this is a Debug build in the clone where it was built. Launch settings are not used for that, because <c>dotnet run</c>
    /// prints a line about them on standard output, before the JSON of a command.
    /// </summary>
    private static bool IsBuiltForTheDesk() =>
        typeof(JobsBuilder).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()?.Configuration == "Debug"
        && RunningApp.Clone(AppContext.BaseDirectory) is not null;

    /// <summary>Telemetry, the database and the cache, from the builder's configuration.</summary>
    internal static void AddConnections(this IHostApplicationBuilder builder)
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
        builder.AddCache(CacheConnection.Name, options => CacheConnection.Configure(options, builder.Configuration));
        builder.Services.AddMarkets().TryAddSingleton(TimeProvider.System);
        builder.Services.TryAddSingleton<DatabaseState>();
    }
}
