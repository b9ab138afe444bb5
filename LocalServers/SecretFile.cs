namespace Overnight.LocalServers;

/// <summary>Files with secrets in them: each is made anew, for us alone, in a folder that nobody else may write in.</summary>
internal static class SecretFile
{
    private const UnixFileMode Ours = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        OthersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>Makes a folder for them, or takes others' right to write from one that is there.</summary>
    /// <exception cref="DistributedApplicationException">It is another account's, and others may write in it.</exception>
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

    /// <summary>Opens a file that was not there, readable by us alone: a link that somebody put in its place is not followed.</summary>
    /// <exception cref="IOException">Somebody has put one there meanwhile.</exception>
    public static FileStream Create(string path)
    {
        // A file that is there would keep its mode and its readers.
        File.Delete(path);
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = Ours;
        return new(path, options);
    }
}
