using Overnight.LocalServers;

namespace Overnight.Tests.Harness;

/// <summary>The folder of one run of the tests, with the ledger of its processes; what a killed run left, the next one ends and deletes.</summary>
internal sealed class TestFolder : IDisposable
{
    public const string Prefix = "overnight-tests-";
    private readonly string path;
    private int folders;

    private TestFolder(string path, ProcessLedger ledger) => (this.path, Ledger) = (path, ledger);

    public ProcessLedger Ledger { get; }

    public static async Task<TestFolder> CreateAsync()
    {
        foreach (var old in Directory.EnumerateDirectories(Path.GetTempPath(), Prefix + "*"))
        {
            try
            {
                (await ProcessLedger.OpenAsync(old)).Dispose();
                Delete(old);
            }
            catch (Exception e) when (e is InvalidOperationException or IOException or UnauthorizedAccessException)
            {
                // Another run of the tests uses it, or another user's did.
            }
        }
        var own = Directory.CreateTempSubdirectory(Prefix).FullName;
        return new(own, await ProcessLedger.OpenAsync(own));
    }

    public string CreateFolder() => Directory.CreateDirectory(Path.Combine(path, $"{Interlocked.Increment(ref folders)}")).FullName;

    public void Dispose()
    {
        Ledger.Dispose();
        Delete(path);
    }

    public static void Delete(string path)
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
