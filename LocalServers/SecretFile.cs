namespace Overnight.LocalServers;

/// <summary>Creates files for secrets, which only this account can read, in folders that no other account can write to.</summary>
internal static class SecretFile
{
    private const UnixFileMode Ours = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        OthersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>Creates the folder, or removes the write permission of other accounts from an existing one.</summary>
    /// <exception cref="DistributedApplicationException">Another account owns the folder, and others can write to it.</exception>
    public static void EnsureFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
            return;
        }
        if (
            Directory.CreateDirectory(path, Ours | UnixFileMode.UserExecute) is { UnixFileMode: var mode }
            && (mode & OthersWrite) != UnixFileMode.None
        )
        {
            try
            {
                File.SetUnixFileMode(path, mode & ~OthersWrite);
            }
            catch (UnauthorizedAccessException exception)
            {
                throw new DistributedApplicationException(
                    $"{path} is for secrets, and others may write in it (its mode is 0{Convert.ToString((int)mode, 8)}): chmod go-w {path}, or name another folder.",
                    exception
                );
            }
        }
    }

    /// <summary>Replaces the file with a new one of mode 0600. A link in its place is replaced and not followed.</summary>
    /// <exception cref="IOException">Another process created the file after the old one was deleted.</exception>
    public static FileStream Create(string path)
    {
        // An existing file would keep its mode, and processes that have it open could read the secret.
        File.Delete(path);
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = Ours;
        return new(path, options);
    }
}
