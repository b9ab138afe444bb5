using Microsoft.Extensions.Configuration;

namespace Overnight.AppHost;

/// <summary>Passes configuration of the AppHost to the projects that read it.</summary>
internal static class SectionExtensions
{
    /// <summary>Passes a section of the AppHost's configuration to a project as environment variables.</summary>
    public static IResourceBuilder<ProjectResource> WithSection(this IResourceBuilder<ProjectResource> project, string section)
    {
        foreach (var (key, value) in project.ApplicationBuilder.Configuration.GetSection(section).AsEnumerable())
        {
            if (value is not null)
                project.WithEnvironment(key.Replace(":", "__", StringComparison.Ordinal), value);
        }
        return project;
    }
}
