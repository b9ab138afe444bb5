using System.CommandLine;
using Overnight.LocalServers;

namespace Overnight.AppHost;

/// <summary>
/// <c>servers</c>: lists the folders under /var/tmp with the files of servers that root started; <c>--clean</c> removes those whose data
/// directory no longer points to them.
/// </summary>
internal static class ServerHomesCommand
{
    public const string Name = "servers";

    private const int Failed = 1;

    /// <param name="folder">The folder to search; /var/tmp when null.</param>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, string? folder = null)
    {
        RootCommand root = new("Overnight. Without a command it starts the app.") { Create(folder) };
        return await root.Parse(args).InvokeAsync(new() { Output = output, Error = error });
    }

    private static Command Create(string? folder)
    {
        Option<bool> clean = new("--clean")
        {
            Description = "Removes folders that were left behind: no data directory points to them, and no process runs in them.",
        };
        Command command = new(Name, "Lists the folders under /var/tmp in which servers have their files when the app is started as root.")
        {
            clean,
        };
        command.SetAction(
            async (parsed, ct) =>
            {
                var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
                if (OperatingSystem.IsWindows())
                {
                    await error.WriteLineAsync("Servers run as local processes on Linux and macOS alone.");
                    return Failed;
                }
                return await RunAsync(folder ?? ServerHomes.Folder, parsed.GetValue(clean), output, error, ct);
            }
        );
        return command;
    }

    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    private static async Task<int> RunAsync(string folder, bool clean, TextWriter output, TextWriter error, CancellationToken ct)
    {
        var homes = await ServerHomes.FindAsync(folder, ct);
        var failed = false;
        foreach (var home in homes)
        {
            await output.WriteLineAsync($"{home.Path}: {Words(home)}");
            if (!clean || home.State != ServerHomeState.LeftBehind)
                continue;
            try
            {
                await output.WriteLineAsync(ServerHomes.Remove(home.Path) ? "  removed" : "  not removed: it is in use now");
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                failed = true;
                await error.WriteLineAsync($"{home.Path} can't be removed: {exception.Message}");
            }
        }
        if (homes.Count == 0)
            await output.WriteLineAsync($"There are no folders of servers under {folder}.");
        else if (!clean && homes.Any(home => home.State == ServerHomeState.LeftBehind))
            await output.WriteLineAsync("--clean removes those that were left behind.");
        return failed ? Failed : 0;
    }

    private static string Words(ServerHome home) =>
        home.State switch
        {
            ServerHomeState.InUse => $"in use{(home.MadeFor is null ? "" : $", of {home.MadeFor}")}",
            ServerHomeState.Kept => $"of {home.MadeFor}",
            ServerHomeState.LeftBehind => $"left behind, {home.MadeFor} does not point to it any more",
            _ => "of an earlier build, which did not note what for; remove it by hand if no data directory's moved-to names it",
        };
}
