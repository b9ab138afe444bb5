using System.CommandLine;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Npgsql;
using Overnight.Core.Caching;

namespace Overnight.Jobs.Commands;

/// <summary>Runs the work of a command with the services of the host, but none of the host's own workers.</summary>
internal static class CommandServices
{
    /// <summary>Sets the work of a command.</summary>
    /// <inheritdoc cref="RunAsync"/>
    public static void SetWork(
        this Command command,
        Func<ParseResult, IServiceProvider, CommandOutput, CancellationToken, Task<int>> work,
        Action<HostApplicationBuilder>? configure = null
    ) =>
        command.SetAction(
            (parsed, ct) => RunAsync(parsed, (services, output, token) => work(parsed, services, output, token), ct, configure)
        );

    /// <param name="work">The command's work; throws <see cref="CommandException"/> for what the user can correct.</param>
    /// <param name="configure">Adds what only this command needs.</param>
    public static async Task<int> RunAsync(
        ParseResult parsed,
        Func<IServiceProvider, CommandOutput, CancellationToken, Task<int>> work,
        CancellationToken ct,
        Action<HostApplicationBuilder>? configure = null
    )
    {
        var builder = JobsBuilder.Create([]);
        LogToStandardError(builder);
        builder.Services.AddSingleton<IHostLifetime, ManualHostLifetime>();
        configure?.Invoke(builder);

        using var host = builder.Build();
        host.ValidateConfiguration();
        // Telemetry is exported only between the host's start and stop.
        await host.StartAsync(ct);
        try
        {
            await NoteCacheAsync(host.Services, ct);
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
            throw new CommandException(message, exception, DatabaseErrors.IsOfWork(exception) ? CommandLine.Failed : CommandLine.Usage);
        }
        finally
        {
            await host.StopAsync(CancellationToken.None);
        }
    }

    /// <summary>Remembers the cache before the command may write to it.</summary>
    private static async Task NoteCacheAsync(IServiceProvider services, CancellationToken ct)
    {
        try
        {
            await (services.GetService<CacheLastSeen>()?.NoteAsync(ct) ?? Task.CompletedTask);
        }
        catch (NpgsqlException)
        {
            // The command says what it lacks itself, and the database that migrate is run for has no tables yet.
        }
    }

    /// <summary>Logs go to standard error, so that standard output has only what the command prints and a script can read it.</summary>
    public static void LogToStandardError(HostApplicationBuilder builder)
    {
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole().SetMinimumLevel(LogLevel.Warning);
        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
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

    /// <exception cref="CommandException">ConnectionStrings:cache is not set.</exception>
    public static void RequireCacheConnection(IServiceProvider services)
    {
        if (string.IsNullOrWhiteSpace(services.GetRequiredService<IConfiguration>().GetConnectionString(CacheConnection.Name)))
        {
            throw new CommandException(
                "There is no connection to the cache: ConnectionStrings:cache is not set. "
                    + "Start the app (dotnet run --project AppHost), or set ConnectionStrings__cache, for example to \"127.0.0.1:6379\"."
            );
        }
    }

    /// <summary>Leaves signals to the command line, which cancels the command.</summary>
    private sealed class ManualHostLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
