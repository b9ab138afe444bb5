using System.Diagnostics;
using Overnight.AppHost;
using Overnight.LocalServers;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Servers;

/// <summary>Folders of root's servers that outlive their data directory, and the command that removes them.</summary>
public sealed class ServerHomesTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Clean_RemovesWhatWasLeftBehindAndNothingElse()
    {
        RequireRootOnLinux();
        var folder = await servers.CreateFolderAsync();
        var directory = await servers.CreateFolderAsync();
        var gone = Path.Combine(directory, "gone");
        string[] homes =
        [
            await HomeAsync(folder, "local-server-kept", directory),
            await HomeAsync(folder, "local-server-left", gone),
            await HomeAsync(folder, "local-server-used", gone),
            await HomeAsync(folder, "local-server-unknown", null),
            await HomeAsync(folder, "of-another-program", gone),
        ];
        await File.WriteAllTextAsync(Path.Combine(directory, ServerAccount.Pointer), homes[0], Ct);
        // Somebody else's, which a link makes look like ours.
        File.CreateSymbolicLink(Path.Combine(folder, "local-server-link"), gone);
        var work = Directory.CreateDirectory(Path.Combine(homes[2], "data")).FullName;
        using var process = Process.Start(new ProcessStartInfo("sleep", "600") { WorkingDirectory = work })!;
        try
        {
            var listed = await RunAsync(folder);
            Assert.Equal(5, homes.Count(Directory.Exists));
            Assert.Equal(
                [
                    $"{homes[0]}: of {directory}",
                    $"{homes[1]}: left behind, {gone} does not point to it any more",
                    $"{homes[3]}: of an earlier build, which did not note what for; remove it by hand if no data directory's moved-to names it",
                    $"{homes[2]}: in use, of {gone}",
                    "--clean removes those that were left behind.",
                ],
                listed
            );

            var cleaned = await RunAsync(folder, "--clean");

            Assert.Contains("  removed", cleaned);
            Assert.Equal([true, false, true, true, true], homes.Select(Directory.Exists));
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(Ct);
        }
        await RunAsync(folder, "--clean");
        Assert.Equal([true, false, false, true, true], homes.Select(Directory.Exists));
    }

    /// <summary>A home says what it is for, also one that an earlier build has made.</summary>
    [Fact]
    public async Task Home_OfAnEarlierBuild_IsNotedWhenItIsOpened()
    {
        RequireRootOnLinux();
        var directory = await servers.CreateFolderAsync();
        var account = await ServerAccount.FindAsync(Ct);
        var home = await account.HomeAsync(directory, Ct);
        try
        {
            var note = Path.Combine(home, ServerHomes.MadeFor);
            Assert.Equal(directory, await File.ReadAllTextAsync(note, Ct));
            File.Delete(note);

            Assert.Equal(home, await account.HomeAsync(directory, Ct));

            Assert.Equal(directory, await File.ReadAllTextAsync(note, Ct));
            Assert.Contains(await ServerHomes.FindAsync(ServerHomes.Folder, Ct), found =>
                found == new ServerHome(home, directory, ServerHomeState.Kept)
            );
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }
    }

    private static async Task<string[]> RunAsync(string folder, params string[] arguments)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        Assert.Equal(0, await ServerHomesCommand.RunAsync([ServerHomesCommand.Name, .. arguments], output, error, folder));
        Assert.Equal("", error.ToString());
        return output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
    }

    private static async Task<string> HomeAsync(string folder, string name, string? directory)
    {
        var home = Directory.CreateDirectory(Path.Combine(folder, name)).FullName;
        if (directory is not null)
            await File.WriteAllTextAsync(Path.Combine(home, ServerHomes.MadeFor), directory, Ct);
        var account = await ServerAccount.FindAsync(Ct);
        Assert.Equal(0, (await ExternalProgram.RunAsync("chown", ["-R", account.Name!, home], Ct)).ExitCode);
        return home;
    }

    private static void RequireRootOnLinux()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
            Assert.Skip("Only root has its servers' files elsewhere, and only Linux says where processes work.");
    }
}
