using Overnight.LocalServers;

namespace Overnight.Benchmarks.Servers;

/// <summary>The folder of one run of the tests or of a benchmark, gone afterwards; what a killed run left, the next one deletes.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly string _path;
    private readonly FileStream _lock;
    private int _folders;

    private TemporaryFolder(string path) => (_path, _lock) = (path, Lock(path));

    /// <param name="prefix">Of its name, and of those that earlier runs left.</param>
    public static TemporaryFolder Create(string prefix)
    {
        foreach (var old in Directory.EnumerateDirectories(Path.GetTempPath(), prefix + "*"))
        {
            try
            {
                Lock(old).Dispose();
                Delete(old);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Another run uses it, or another user's did.
            }
        }
        return new(Directory.CreateTempSubdirectory(prefix).FullName);
    }

    public string CreateFolder(string name = "") =>
        Directory.CreateDirectory(Path.Combine(_path, $"{name}{Interlocked.Increment(ref _folders)}")).FullName;

    public void Dispose()
    {
        _lock.Dispose();
        try
        {
            Delete(_path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A program that was stopped a moment ago still writes; the next run deletes what is left.
        }
    }

    /// <summary>Held as long as its owner lives.</summary>
    private static FileStream Lock(string path) =>
        new(Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);

    private static void Delete(string path)
    {
        // As root, servers have their files elsewhere.
        foreach (var pointer in Directory.EnumerateFiles(path, ServerAccount.Pointer, SearchOption.AllDirectories))
        {
            var home = File.ReadAllText(pointer);
            if (Directory.Exists(home))
                Directory.Delete(home, recursive: true);
        }
        Directory.Delete(path, recursive: true);
    }
}
