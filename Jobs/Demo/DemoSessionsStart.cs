using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Overnight.Core;

namespace Overnight.Jobs.Demo;

/// <summary>Makes sessions of the tokens that the AppHost hands over, before the service begins to work.</summary>
internal sealed partial class DemoSessionsStart(
    DemoSessions sessions,
    string userToken,
    string adminToken,
    ILogger<DemoSessionsStart> logger
) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await sessions.RefreshAsync(userToken, adminToken, cancellationToken);
        }
        catch (NpgsqlException exception)
        {
            // A convenience for people at a desk must not keep the service from starting.
            Log.NotMade(logger, exception.Message);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(
            591,
            LogLevel.Warning,
            "No demo sessions were made, so the curl line that the AppHost prints is answered with 401. {Reason}"
        )]
        public static partial void NotMade(ILogger logger, string reason);
    }
}

internal static class DemoSessionsRegistration
{
    /// <summary>In Development alone, and where tokens are given.</summary>
    public static void AddDemoSessions(this IHostApplicationBuilder builder)
    {
        if (!builder.Environment.IsDevelopment())
            return;
        builder.Services.AddSection<DemoSettings>(DemoSettings.Section);
        var demo = builder.Configuration.ReadSection<DemoSettings>(DemoSettings.Section);
        if (demo is not { UserToken: { Length: > 0 } userToken, AdminToken: { Length: > 0 } adminToken })
            return;
        builder
            .Services.AddSingleton<DemoSessions>()
            .AddHostedService(services => ActivatorUtilities.CreateInstance<DemoSessionsStart>(services, userToken, adminToken));
    }
}
