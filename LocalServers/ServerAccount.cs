using System.Globalization;
using System.Runtime.Versioning;

namespace Overnight.LocalServers;

/// <summary>
/// The account that servers run under: the current one, or as root <c>postgres</c>, else <c>nobody</c>, because PostgreSQL refuses to run
/// as root and no server needs it.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal sealed class ServerAccount
{
    /// <summary>Name of the file that contains the path of a directory's files when they are elsewhere.</summary>
    public const string Pointer = "moved-to";

    /// <summary>The command <c>setpriv</c> with its options; null where it is missing or lacks them, as BusyBox's does.</summary>
    private readonly string[]? _setpriv;
    private readonly string? _name,
        _owner;

    private ServerAccount(string[]? setpriv, string? name = null, string? owner = null) =>
        (_setpriv, _name, _owner) = (setpriv, name, owner);

    /// <summary>The name of the account; null for the current one.</summary>
    public string? Name => _name;

    /// <summary>Whether servers run under the current account.</summary>
    public bool IsOurs => _owner is null;

    /// <exception cref="MissingServerException">The process runs as root, and there is no other account.</exception>
    public static async Task<ServerAccount> FindAsync(CancellationToken ct)
    {
        var setpriv =
            ExternalProgram.Find("setpriv") is { } program
            && (await ExternalProgram.RunAsync(program, ["--pdeathsig=keep", "true"], ct)).ExitCode == 0
                ? program
                : null;
        if (!Environment.IsPrivilegedProcess)
            return new(setpriv is null ? null : [setpriv]);
        foreach (var name in (string[])["postgres", "nobody"])
        {
            var (userCode, uid) = await ExternalProgram.RunAsync("id", ["-u", name], ct);
            var (groupCode, gid) = await ExternalProgram.RunAsync("id", ["-g", name], ct);
            if (userCode == 0 && groupCode == 0 && int.Parse(uid, CultureInfo.InvariantCulture) != 0)
                return new(setpriv is null ? null : [setpriv, $"--reuid={uid}", $"--regid={gid}", "--clear-groups"], name, $"{uid}:{gid}");
        }
        throw new MissingServerException(
            "Servers are not run as root, and this machine has no account 'postgres' or 'nobody' to run them as: start as another user."
        );
    }

    /// <summary>Wraps a command so that it runs under this account.</summary>
    /// <param name="command">The command and its arguments.</param>
    /// <param name="endsWithParent">Sends it SIGINT when the process that started it ends, where the system supports that.</param>
    public string[] Command(IEnumerable<string> command, bool endsWithParent = false) =>
        _setpriv is not null && (endsWithParent || _owner is not null)
            ? [.. _setpriv, .. endsWithParent ? (string[])["--pdeathsig=INT"] : [], "--", .. command]
        : _owner is null ? [.. command]
        : ExternalProgram.Find("runuser") is { } runuser ? [runuser, "-u", _name!, "--", .. command]
        : ["su", "-s", "/bin/sh", _name!, "-c", "exec \"$0\" \"$@\"", "--", .. command];

    /// <summary>Runs a program under this account and waits for its end.</summary>
    public Task<(int ExitCode, string Output)> RunAsync(
        string program,
        IEnumerable<string> arguments,
        string directory,
        CancellationToken ct
    )
    {
        var command = Command([program, .. arguments]);
        return ExternalProgram.RunAsync(command[0], command[1..], ct, directory);
    }

    /// <summary>
    /// The folder where the account can keep files: <paramref name="directory"/> itself or, as root, a folder of the account under
    /// /var/tmp, because root's folders may not be accessible to it. The file <c>moved-to</c> in
    /// <paramref name="directory"/> contains its path.
    /// </summary>
    public async Task<string> HomeAsync(string directory, CancellationToken ct)
    {
        SecretFile.EnsureFolder(directory);
        if (_owner is null)
            return Path.GetFullPath(directory);

        var pointer = Path.Combine(directory, Pointer);
        if (File.Exists(pointer) && await File.ReadAllTextAsync(pointer, ct) is var moved && Directory.Exists(moved))
        {
            await NoteAsync(moved, directory, ct);
            return moved;
        }

        if (Directory.Exists(Path.Combine(directory, "data")))
            throw new DistributedApplicationException(
                $"{directory} holds the data of an ordinary user's server: start as that user, or configure another data directory."
            );

        // mktemp creates the folder with a random name, so nobody else can have created it before.
        var (code, home) = await ExternalProgram.RunAsync("mktemp", ["-d", "/var/tmp/local-server-XXXXXXXXXX"], ct);
        if (code != 0)
            throw new IOException($"No folder for the account '{_name}' could be created under /var/tmp: {home}");
        // The pointer is written first, because a home whose note names a directory without a pointer counts as left behind.
        await File.WriteAllTextAsync(pointer, home, ct);
        await NoteAsync(home, directory, ct);
        await OwnAsync(home, ct);
        return home;
    }

    /// <summary>Writes the data directory's path into the home (<see cref="ServerHomes"/>), also where an earlier build did not.</summary>
    private static async Task NoteAsync(string home, string directory, CancellationToken ct)
    {
        var note = Path.Combine(home, ServerHomes.MadeFor);
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        if (File.Exists(note) && await File.ReadAllTextAsync(note, ct) == full)
            return;
        try
        {
            await using StreamWriter writer = new(SecretFile.Create(note));
            await writer.WriteAsync(full.AsMemory(), ct);
        }
        catch (IOException) when (File.Exists(note))
        {
            // Another process with the same data directory wrote the note at the same time, with the same content.
        }
    }

    /// <summary>Replaces a file by one that only this account can read.</summary>
    public async Task WriteSecretAsync(string path, string text, CancellationToken ct)
    {
        await using (StreamWriter writer = new(SecretFile.Create(path)))
            await writer.WriteAsync(text.AsMemory(), ct);
        await OwnAsync(path, ct);
    }

    private async Task OwnAsync(string path, CancellationToken ct)
    {
        if (_owner is null)
            return;
        // -h changes the owner of a link itself, so that a link created by the account does not give it the link's target.
        var (code, output) = await ExternalProgram.RunAsync("chown", ["-R", "-h", _owner, path], ct);
        if (code != 0)
            throw new IOException($"The owner of {path} could not be changed to '{_name}': {output}");
    }
}
