using Microsoft.Extensions.Configuration;

namespace Overnight.AppHost;

/// <summary>Configuration that is known where the app is published, and not in the project that reads it.</summary>
internal static class SectionExtensions
{
    /// <summary>Hands a section of this program's configuration on to a project, as environment variables.</summary>
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
