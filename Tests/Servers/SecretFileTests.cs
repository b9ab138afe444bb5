using Overnight.AppHost;
using Overnight.LocalServers;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Servers;

/// <summary>Files with secrets are made anew, for their owner alone.</summary>
public sealed class SecretFileTests(TestServers servers)
{
    private const UnixFileMode Ours = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        Everyone = (UnixFileMode)0b111_111_111;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Create_WhereAFileOrALinkIs_LeavesItsTargetAlone()
    {
        RequireUnix();
        var folder = await servers.CreateFolderAsync();
        var (path, target) = (Path.Combine(folder, "secret"), Path.Combine(folder, "target"));
        await File.WriteAllTextAsync(target, "of another", Ct);
        File.SetUnixFileMode(target, Everyone);
        File.CreateSymbolicLink(path, target);

        await using (StreamWriter writer = new(SecretFile.Create(path)))
            await writer.WriteAsync("secret");

        Assert.Equal(("of another", "secret"), (await File.ReadAllTextAsync(target, Ct), await File.ReadAllTextAsync(path, Ct)));
        Assert.Equal((Ours, null), (File.GetUnixFileMode(path), new FileInfo(path).LinkTarget));
        // One that somebody opened before keeps what it held.
        await using var reader = File.OpenRead(path);
        await using (StreamWriter writer = new(SecretFile.Create(path)))
            await writer.WriteAsync("another");
        using StreamReader before = new(reader);
        Assert.Equal("secret", await before.ReadToEndAsync(Ct));
    }

    [Fact]
    public async Task Folder_OfSecrets_IsClosedToOthersWrites()
    {
        RequireUnix();
        var folder = await servers.CreateFolderAsync();
        var (made, open) = (Path.Combine(folder, "made"), Path.Combine(folder, "open"));
        Directory.CreateDirectory(open);
        File.SetUnixFileMode(open, Everyone);

        new DataDirectory(made).WriteSecret("parameters.json", new { password = "secret" });
        new DataDirectory(open).WriteSecret("parameters.json", new { password = "secret" });

        Assert.Equal(
            (Ours | UnixFileMode.UserExecute, (UnixFileMode)0b111_101_101),
            (File.GetUnixFileMode(made), File.GetUnixFileMode(open))
        );
        foreach (var data in (string[])[made, open])
            Assert.Equal(Ours, File.GetUnixFileMode(Path.Combine(data, "parameters.json")));
    }

    /// <summary>Whatever somebody put where the file is written before it is moved to its place.</summary>
    [Fact]
    public async Task WriteSecret_LinkInItsWay_IsNotFollowed()
    {
        RequireUnix();
        var folder = await servers.CreateFolderAsync();
        var target = Path.Combine(folder, "target");
        await File.WriteAllTextAsync(target, "of another", Ct);
        File.CreateSymbolicLink(Path.Combine(folder, "connections.json.new"), target);

        new DataDirectory(folder).WriteSecret("connections.json", new { password = "secret" });

        Assert.Equal("of another", await File.ReadAllTextAsync(target, Ct));
        Assert.Contains("secret", await File.ReadAllTextAsync(Path.Combine(folder, "connections.json"), Ct), StringComparison.Ordinal);
    }

    private static void RequireUnix()
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("Modes of files are of Linux and macOS.");
    }
}
