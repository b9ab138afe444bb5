using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.FileProviders;

namespace Overnight.Jobs.Commands;

/// <summary>
/// The connections of the app that runs from this clone, which the AppHost leaves in <c>connections.json</c> of its data directory:
/// <c>.data</c>, or the one that <c>Overnight__DataDirectory</c> names.
/// </summary>
internal sealed class RunningApp
{
    private const string Solution = "Overnight.slnx";
    private readonly string _file;

    private RunningApp(string file) => _file = file;

    private const string FileName = "connections.json",
        DirectoryVariable = "Overnight__DataDirectory";

    /// <summary>
    /// Looks where the variable says, else from <paramref name="directory"/> upwards for the solution, and for the file beside it.
    /// </summary>
    public static RunningApp? Find(string directory)
    {
        if (Environment.GetEnvironmentVariable(DirectoryVariable) is { Length: > 0 } given)
            return At(given);
        return Clone(directory) is { } clone ? At(Path.Combine(clone, ".data")) : null;
    }

    /// <returns>The folder with the solution, from <paramref name="directory"/> upwards; null when there is none.</returns>
    public static string? Clone(string directory)
    {
        for (DirectoryInfo? d = new(directory); d is not null; d = d.Parent)
        {
            if (File.Exists(Path.Combine(d.FullName, Solution)))
                return d.FullName;
        }
        return null;
    }

    private static RunningApp? At(string dataDirectory)
    {
        var file = Path.GetFullPath(Path.Combine(dataDirectory, FileName));
        return File.Exists(file) ? new(file) : null;
    }

    /// <summary>Adds the file below every other source, so that a variable or a setting of one's own wins.</summary>
    /// <exception cref="CommandException">The file is there but can't be read.</exception>
    public void AddTo(IConfigurationManager configuration)
    {
        try
        {
            using var stream = File.OpenRead(_file);
            using var document = JsonDocument.Parse(stream);
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new CommandException(
                $"{_file} can't be read ({exception.Message.TrimEnd('.')}). Start the app again (dotnet run --project AppHost), or set ConnectionStrings__overnight."
            );
        }
        // The default provider of a builder hides names that begin with a dot.
        PhysicalFileProvider files = new(Path.GetDirectoryName(_file)!, Microsoft.Extensions.FileProviders.Physical.ExclusionFilters.None);
        configuration.Sources.Insert(
            0,
            new JsonConfigurationSource
            {
                FileProvider = files,
                Path = Path.GetFileName(_file),
                Optional = true,
            }
        );
    }
}
