using Overnight.LocalServers;

namespace Aspire.Hosting;

/// <summary>Whether containers can be started here.</summary>
public static class ContainerEngine
{
    /// <summary>Asks the engine itself, because a client in the PATH does not show that an engine runs.</summary>
    /// <param name="patience">How long to wait for its answer; an engine that hangs counts as none.</param>
    /// <returns>True when Docker or Podman answers; with <c>ASPIRE_CONTAINER_RUNTIME</c> set, only that one is asked.</returns>
    public static async Task<bool> AnswersAsync(TimeSpan patience, CancellationToken cancellationToken = default)
    {
        string[] engines = Environment.GetEnvironmentVariable("ASPIRE_CONTAINER_RUNTIME") is { Length: > 0 } chosen
            ? [chosen]
            : ["docker", "podman"];
        return await AnyAnswersAsync(engines.Select(ExternalProgram.Find).OfType<string>(), patience, cancellationToken);
    }

    internal static async Task<bool> AnyAnswersAsync(IEnumerable<string> engines, TimeSpan patience, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(patience);
        await foreach (var answer in Task.WhenEach(engines.Select(AnswersAsync).ToList()))
        {
            if (await answer)
                return true;
        }
        return false;

        async Task<bool> AnswersAsync(string engine)
        {
            try
            {
                return (await ExternalProgram.RunAsync(engine, ["info"], limit.Token)).ExitCode == 0;
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                return false; // The engine did not answer in time.
            }
        }
    }
}
