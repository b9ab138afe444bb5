using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Overnight.LocalServers;

namespace Overnight.Benchmarks.Servers;

/// <summary>
/// A server that is prepared and started as the app's resources are, but held by hand: to be stopped, killed and started again, on the
/// same port, under a stopwatch.
/// </summary>
internal abstract class ServerProcess(ChildProcess process, string home, int port, string password) : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(1),
        StopLimit = TimeSpan.FromSeconds(30);

    public int Port => port;

    /// <summary>Where its files are: the folder given, or, as root, the one it points to.</summary>
    public string Home => home;

    public int ProcessId => process.Id;

    /// <summary>Ends with the exit code when the server has ended, for whatever reason.</summary>
    public Task<int> Exited => process.Exited;

    protected string Password => password;

    protected abstract string StopSignal { get; }

    public Task StopAsync() => process.StopAsync(StopLimit, StopSignal);

    /// <summary>SIGKILL, as a power cut would.</summary>
    public void Kill() => process.Kill();

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await process.DisposeAsync();
    }

    /// <returns>A port of 127.0.0.1 that nobody listens on at the moment.</returns>
    public static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    protected static ChildProcess Start(PreparedServer prepared, int port) =>
        new(
            prepared.Command[0],
            [.. prepared.Command.Skip(1), prepared.PortOption, $"{port}"],
            directory: prepared.Home,
            environment: new Dictionary<string, string?> { ["HOME"] = prepared.Home }
        );

    /// <exception cref="InvalidOperationException">It ended, or did not answer; the message holds what it said last.</exception>
    protected async Task ReadyAsync(Func<CancellationToken, Task> askAsync, CancellationToken ct)
    {
        for (var waited = Stopwatch.StartNew(); ; await Task.Delay(10, ct))
        {
            try
            {
                await askAsync(ct);
                return;
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                if (!Exited.IsCompleted && waited.Elapsed < StartLimit)
                    continue;
                await DisposeAsync();
                var said = string.Join(Environment.NewLine, process.Tail);
                throw new InvalidOperationException($"{GetType().Name} did not start in {home} on port {port}: {said}", e);
            }
        }
    }
}
