using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

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
        [LoggerMessage(1, LogLevel.Warning, "No demo sessions were made; the first night will print no curl line.")]
        public static partial void NotMade(ILogger logger, Exception exception);
    }
}

/// <summary>Adds the capability to the service.</summary>
internal static class DemoSessionsRegistration
{
    /// <summary><see cref="DemoSessions"/> can always be asked for; outside Development it has no sessions.</summary>
    public static void AddDemoSessions(this HostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<DemoSessions>();
        if (builder.Environment.IsDevelopment()) builder.Services.AddHostedService<DemoSessionsStart>();
    }
}
