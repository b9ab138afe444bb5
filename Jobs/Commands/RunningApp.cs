using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.FileProviders;
using Overnight.Core.Json;

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
    /// Looks in the directory that the variable names, else in <c>.data</c> beside the solution, from <paramref name="directory"/> upwards.
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

    /// <summary>Adds the file with the lowest priority, so that environment variables and settings override it.</summary>
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
                $"{_file} can't be read ({(exception is JsonException json ? JsonErrors.Describe(json) : exception.Message.TrimEnd('.'))}). Start the app again (dotnet run --project AppHost), or set ConnectionStrings__overnight."
            );
        }
        // The default file provider ignores names that begin with a dot, such as .data.
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
