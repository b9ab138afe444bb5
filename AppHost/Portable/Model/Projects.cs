// What Aspire's SDK generates from the project references.
using System.Reflection;

namespace Projects;

public class Api : IProjectMetadata
{
    public string ProjectPath => Path.Combine(AppHost.ProjectPath, "..", "Api", "Api.csproj");
}

public class Jobs : IProjectMetadata
{
    public string ProjectPath => Path.Combine(AppHost.ProjectPath, "..", "Jobs", "Jobs.csproj");
}

public class AppHost
{
    private AppHost() { }

    public static string ProjectPath =>
        typeof(AppHost).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == "apphostprojectpath").Value!;
}
