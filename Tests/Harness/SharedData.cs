namespace Overnight.Tests.Harness;

/// <summary>Files of the <c>shared</c> folder beside the repository: public data sets and worked cases, too large to keep here.</summary>
internal static class SharedData
{
    /// <returns>The path of a file or folder of <c>shared</c>; the test is skipped when it is not there.</returns>
    public static string Require(params string[] path)
    {
        for (var folder = Directory.GetParent(Repository.Folder); folder is not null; folder = folder.Parent)
        {
            var found = Path.Combine([folder.FullName, "shared", .. path]);
            if (Path.Exists(found))
                return found;
        }
        Assert.Skip($"{Path.Combine(["..", "shared", .. path])} is not beside the repository.");
        return "";
    }
}
