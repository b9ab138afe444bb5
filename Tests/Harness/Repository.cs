namespace Overnight.Tests.Harness;

/// <summary>Where the sources are, and what is beside them.</summary>
internal static class Repository
{
    public static string Folder { get; } =
        Find() ?? throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} holds Overnight.slnx.");

    /// <summary>Where the app, too, keeps a PostgreSQL that it fetched.</summary>
    public static string BinariesFolder { get; } = Path.Combine(Folder, ".data", "postgres-binaries");

    private static string? Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Overnight.slnx")))
                return folder.FullName;
        }
        return null;
    }
}
