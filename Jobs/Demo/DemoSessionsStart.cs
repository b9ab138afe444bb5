using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Overnight.Jobs.Pipeline;

namespace Overnight.Jobs.Demo;

/// <summary>Makes the demo sessions before the service begins to work, in Development only.</summary>
internal sealed partial class DemoSessionsStart(DemoSessions sessions, ILogger<DemoSessionsStart> logger) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await sessions.RefreshAsync(cancellationToken);
        }
        catch (NpgsqlException exception)
        {
            // A convenience for people at a desk must not keep the service from starting.
            Log.NotMade(logger, exception);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(591, LogLevel.Warning, "No demo sessions were made; the first night will print no curl line.")]
        public static partial void NotMade(ILogger logger, Exception exception);
    }
}

/// <summary>Prints how to look at the demo user's dashboard, to the console and past the logs.</summary>
internal sealed class DemoWelcome(DemoSessions sessions) : IWelcome
{
    public async Task SayAsync(CancellationToken ct)
    {
        if (sessions.CurlLine() is { } line)
            await Console.Out.WriteLineAsync(line.AsMemory(), ct);
    }
}

/// <summary>Adds the capability to the service.</summary>
internal static class DemoSessionsRegistration
{
    /// <summary><see cref="DemoSessions"/> can always be asked for; outside Development it has no sessions.</summary>
    public static void AddDemoSessions(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<DemoSessions>();
        if (!builder.Environment.IsDevelopment())
            return;
        builder.Services.AddHostedService<DemoSessionsStart>().AddSingleton<IWelcome, DemoWelcome>();
    }
}
