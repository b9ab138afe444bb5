using System.Globalization;

namespace Overnight.LocalServers;

/// <summary>
/// The account that servers run under. It is ours, unless we are root: then <c>postgres</c>, or <c>nobody</c> where that is missing, for
/// PostgreSQL refuses root, and no server needs it.
/// </summary>
internal sealed class ServerAccount
{
    /// <summary>The file that says where a folder's files are when they are elsewhere.</summary>
    public const string Pointer = "moved-to";

    private ServerAccount(string name, string uid, string gid) => (Name, Owner, Prefix) = (name, $"{uid}:{gid}", SwitchTo(name, uid, gid));

    public string Name { get; }

    /// <summary>What goes before a command so that it runs under this account.</summary>
    public string[] Prefix { get; }

    private string Owner { get; }

    /// <returns>Null when servers run under our own account.</returns>
    public static async Task<ServerAccount?> FindAsync(CancellationToken ct)
    {
        if (OperatingSystem.IsWindows() || !Environment.IsPrivilegedProcess)
            return null;
        foreach (var name in (string[])["postgres", "nobody"])
        {
            var (userCode, uid) = await ChildProcess.RunAsync("id", ["-u", name], ct);
            var (groupCode, gid) = await ChildProcess.RunAsync("id", ["-g", name], ct);
            if (userCode == 0 && groupCode == 0 && int.Parse(uid, CultureInfo.InvariantCulture) != 0)
                return new(name, uid.Trim(), gid.Trim());
        }
        throw new MissingServerException(
            "Servers don't run as root, and there is no account 'postgres' or 'nobody' to run them as: start Overnight as another user."
        );
    }

    /// <summary>
    /// A folder where the account can keep files: <paramref name="directory"/> itself, or, as root, one of its own under /var/tmp
    /// (our folders may be closed to it), which the file <c>moved-to</c> in <paramref name="directory"/> names.
    /// </summary>
    public static async Task<string> HomeAsync(ServerAccount? account, string directory, CancellationToken ct)
    {
        Directory.CreateDirectory(directory);
        if (account is null)
            return Path.GetFullPath(directory);

        var pointer = Path.Combine(directory, Pointer);
        if (File.Exists(pointer) && Directory.Exists(await File.ReadAllTextAsync(pointer, ct)))
            return await File.ReadAllTextAsync(pointer, ct);

        // Made by mkdtemp: nobody can have put it there before us.
        var (code, home) = await ChildProcess.RunAsync("mktemp", ["-d", "/var/tmp/overnight-XXXXXXXXXX"], ct);
        if (code != 0)
            throw new IOException($"No folder for '{account.Name}' could be made under /var/tmp: {home}");
        await account.OwnAsync(home, ct);
        await File.WriteAllTextAsync(pointer, home, ct);
        return home;
    }

    /// <summary>Writes a file that only the server's account can read.</summary>
    public static async Task WriteSecretAsync(ServerAccount? account, string path, string text, CancellationToken ct)
    {
        FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        File.Delete(path);
        await using (StreamWriter writer = new(path, options))
            await writer.WriteAsync(text.AsMemory(), ct);
        if (account is not null)
            await account.OwnAsync(path, ct);
    }

    private async Task OwnAsync(string path, CancellationToken ct)
    {
        var (code, output) = await ChildProcess.RunAsync("chown", ["-R", Owner, path], ct);
        if (code != 0)
            throw new IOException($"{path} could not be given to '{Name}': {output}");
    }

    private static string[] SwitchTo(string name, string uid, string gid) =>
        ChildProcess.FindProgram("setpriv") is { } setpriv ? [setpriv, $"--reuid={uid}", $"--regid={gid}", "--clear-groups", "--"]
        : ChildProcess.FindProgram("runuser") is { } runuser ? [runuser, "-u", name, "--"]
        : ["su", "-s", "/bin/sh", name, "-c", "exec \"$0\" \"$@\"", "--"];
}

/// <summary>A server that is neither installed nor to be had; the message says what to do.</summary>
internal sealed class MissingServerException(string message) : Exception(message);
