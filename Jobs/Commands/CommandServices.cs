using System.CommandLine;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Overnight.Core.Caching;

namespace Overnight.Jobs.Commands;

/// <summary>Runs the work of a command with the services of the host, but none of the host's own workers.</summary>
internal static class CommandServices
{
    /// <summary>What a command does when it is called.</summary>
    /// <inheritdoc cref="RunAsync"/>
    public static void SetWork(
        this Command command,
        Func<ParseResult, IServiceProvider, CommandOutput, CancellationToken, Task<int>> work,
        Action<HostApplicationBuilder>? configure = null
    ) =>
        command.SetAction(
            (parsed, ct) => RunAsync(parsed, (services, output, token) => work(parsed, services, output, token), ct, configure)
        );

    /// <param name="work">Given the services and where to print; throws <see cref="CommandException"/> for what a reader can mend.</param>
    /// <param name="configure">Adds what only this command needs.</param>
    public static async Task<int> RunAsync(
        ParseResult parsed,
        Func<IServiceProvider, CommandOutput, CancellationToken, Task<int>> work,
        CancellationToken ct,
        Action<HostApplicationBuilder>? configure = null
    )
    {
        var builder = JobsBuilder.Create([]);
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole(c => c.SingleLine = true).SetMinimumLevel(LogLevel.Warning);
        // A failed statement comes back as an exception and is told once, by the command.
        builder.Logging.AddFilter("Microsoft.EntityFrameworkCore", LogLevel.Critical).AddFilter("Npgsql", LogLevel.Critical);
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(c =>
            c.LogToStandardErrorThreshold = LogLevel.Trace
        );
        builder.Services.AddSingleton<IHostLifetime, ManualHostLifetime>();
        configure?.Invoke(builder);

        using var host = builder.Build();
        // Started for the exporters of telemetry, and stopped so that they flush.
        await host.StartAsync(ct);
        try
        {
            return await work(
                host.Services,
                new(parsed.InvocationConfiguration.Output, host.Services.GetRequiredService<TimeProvider>()),
                ct
            );
        }
        catch (PostgresException canceled) when (canceled.SqlState == PostgresErrorCodes.QueryCanceled && ct.IsCancellationRequested)
        {
            throw new OperationCanceledException(canceled.Message, canceled, ct);
        }
        catch (Exception exception)
            when (exception is not CommandException and not OperationCanceledException
                && DatabaseErrors.Explain(exception, host.Services.GetRequiredService<NpgsqlDataSource>()) is { } message
            )
        {
            throw new CommandException(message, exception);
        }
        finally
        {
            await host.StopAsync(CancellationToken.None);
        }
    }

    /// <exception cref="CommandException">There is no cache, or it does not answer.</exception>
    public static async Task<CacheStore> RequireCacheAsync(IServiceProvider services)
    {
        RequireCacheConnection(services);
        var cache = services.GetRequiredService<CacheStore>();
        try
        {
            await cache.PingAsync();
            return cache;
        }
        catch (CacheAwayException exception)
        {
            throw new CommandException(
                $"The cache does not answer. Start it, or correct ConnectionStrings:cache. {exception.Message}",
                exception
            );
        }
    }

    /// <exception cref="CommandException">It is not said where the cache is.</exception>
    public static void RequireCacheConnection(IServiceProvider services)
    {
        if (string.IsNullOrWhiteSpace(services.GetRequiredService<IConfiguration>().GetConnectionString("cache")))
        {
            throw new CommandException(
                "There is no connection to the cache: ConnectionStrings:cache is not set. "
                    + "Start the app (dotnet run --project AppHost), or set ConnectionStrings__cache, for example to \"127.0.0.1:6379\"."
            );
        }
    }

    /// <summary>Signals are the command line's business while a command runs.</summary>
    private sealed class ManualHostLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
