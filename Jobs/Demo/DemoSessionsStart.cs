using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Overnight.Jobs.Demo;

/// <summary>Makes sessions for the tokens that the AppHost passes in, before the service begins to work.</summary>
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
            // Demo sessions are only a convenience, so their failure must not keep the service from starting.
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
