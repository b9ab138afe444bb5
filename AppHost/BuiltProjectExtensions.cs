// ASPIRECERTIFICATES001: the only way to say that a project needs no development certificate; the API is marked experimental.
#pragma warning disable ASPIRECERTIFICATES001
using System.Reflection;
using Microsoft.Extensions.Hosting;

namespace Overnight.AppHost;

internal static class BuiltProjectExtensions
{
    /// <summary>
    /// Starts the executable that was built with the AppHost instead of <c>dotnet run</c>, which saves one process and about a second for
    /// each project. Where that executable is missing, as under <c>dotnet watch</c>, Aspire's default start is kept. The project serves
    /// plain HTTP on this machine, so that the dashboard does not ask for a trusted certificate.
    /// </summary>
    public static IResourceBuilder<ProjectResource> StartBuilt(this IResourceBuilder<ProjectResource> project)
    {
        // Jobs has no launch settings that would set the environment. A published app does not get this variable.
        project.WithoutHttpsCertificate().WithEnvironment("DOTNET_ENVIRONMENT", Environments.Development);
        var assembly = typeof(BuiltProjectExtensions).Assembly;
        var folder = Path.GetDirectoryName(project.Resource.GetProjectMetadata().ProjectPath)!;
        var output = Path.Combine(
            folder,
            "bin",
            assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration,
            Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory))
        );
        var program = Path.Combine(output, $"Overnight.{Path.GetFileName(folder)}{(OperatingSystem.IsWindows() ? ".exe" : "")}");
        return File.Exists(program)
            ? project.WithAnnotation(new ExecutableAnnotation { Command = program, WorkingDirectory = folder })
            : project;
    }
}
