using System.Diagnostics;

namespace Overnight.Core.Runs;

/// <summary>
/// The span under which a whole night is told, in whichever process it began: its id is on the run's row, and everything that
/// any replica does for the run is below it.
/// </summary>
internal static class RunTelemetry
{
    private static readonly ActivitySource Source = new("Overnight.Runs");

    /// <returns>Null when nobody listens, and then the night is told by nobody either.</returns>
    public static Activity? StartNight(string market, string trigger) =>
        Source.StartActivity("start-night", ActivityKind.Producer)?.SetTag("overnight.market", market).SetTag("overnight.trigger", trigger);

    public static void Started(this Activity? night, Guid run, bool started) =>
        night?.SetTag("overnight.run", run).SetTag("overnight.started", started);
}
