using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Overnight.LocalServers;

namespace Overnight.AppHost;

/// <summary>
/// The folder <c>.data</c> of a clone, or <c>Overnight:DataDirectory</c>: secrets beside the data that they open, the servers' data, the
/// kind of servers chosen, and the connections of the running app. User secrets would be shared by all clones.
/// </summary>
internal sealed class DataDirectory(string path)
{
    private const string PathKey = "Overnight:DataDirectory",
        Alphabet = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ123456789";
    private const int SecretLength = 32;

    /// <summary>Absolute.</summary>
    public string Path { get; } = path;

    public static DataDirectory Of(IDistributedApplicationBuilder builder) =>
        new(
            System.IO.Path.GetFullPath(
                builder.Configuration[PathKey] is { Length: > 0 } given ? given : System.IO.Path.Combine("..", ".data"),
                builder.AppHostDirectory
            )
        );

    /// <summary>The secrets kept under <c>parameters.json</c>, of mode 0600.</summary>
    public IReadOnlyDictionary<string, string> Secrets => Read("parameters.json");

    /// <returns>The secret of that name, made now if there is none yet.</returns>
    public string Secret(string name)
    {
        var secrets = Read("parameters.json");
        if (secrets.TryGetValue(name, out var kept))
            return kept;
        secrets[name] = RandomNumberGenerator.GetString(Alphabet, SecretLength);
        WriteSecret("parameters.json", secrets);
        return secrets[name];
    }

    /// <returns>The first line of a file of the folder; null where it is not there.</returns>
    public string? Note(string file)
    {
        var full = System.IO.Path.Combine(Path, file);
        return File.Exists(full) ? File.ReadLines(full).FirstOrDefault()?.Trim() : null;
    }

    public void WriteNote(string file, string text)
    {
        SecretFile.EnsureFolder(Path);
        File.WriteAllText(System.IO.Path.Combine(Path, file), text + Environment.NewLine);
    }

    /// <summary>Writes a file that nobody else can read, whole or not at all.</summary>
    public void WriteSecret(string file, object content)
    {
        SecretFile.EnsureFolder(Path);
        var full = System.IO.Path.Combine(Path, file);
        using (var stream = SecretFile.Create(full + ".new"))
            JsonSerializer.Serialize(stream, content);
        File.Move(full + ".new", full, overwrite: true);
    }

    public void Delete(string file) => File.Delete(System.IO.Path.Combine(Path, file));

    private Dictionary<string, string> Read(string file)
    {
        var full = System.IO.Path.Combine(Path, file);
        try
        {
            return File.Exists(full) ? JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllText(full))! : [];
        }
        catch (JsonException exception)
        {
            throw new DistributedApplicationException(
                $"{full} can't be read ({exception.Message}). It holds the passwords of the servers' data: restore it, or delete {Path} to start anew.",
                exception
            );
        }
    }
}

/// <summary>Held while an app runs from a data directory: a second one would start servers on the same data.</summary>
internal sealed class DataDirectoryLock : IDisposable
{
    private readonly FileStream _file;

    private DataDirectoryLock(FileStream file) => _file = file;

    /// <exception cref="DistributedApplicationException">Another app holds it.</exception>
    public static DataDirectoryLock Take(string directory)
    {
        SecretFile.EnsureFolder(directory);
        try
        {
            return new(new(Path.Combine(directory, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException exception)
        {
            throw new DistributedApplicationException(
                $"Overnight already runs from {directory}: stop that one first, or set Overnight__DataDirectory to another folder.",
                exception
            );
        }
    }

    public void Dispose() => _file.Dispose();
}

internal static class DataDirectoryExtensions
{
    /// <summary>
    /// Takes the folder for this run, and gives the secrets of its data to the parameters; values of one's own configuration win.
    /// </summary>
    public static IDistributedApplicationBuilder UseDataDirectory(this IDistributedApplicationBuilder builder)
    {
        if (builder.ExecutionContext.IsRunMode)
        {
            var directory = DataDirectory.Of(builder).Path;
            builder.Services.AddSingleton(_ => DataDirectoryLock.Take(directory));
            builder.Eventing.Subscribe<BeforeStartEvent>(
                static (start, _) =>
                {
                    // Held until the container is disposed of.
                    start.Services.GetRequiredService<DataDirectoryLock>();
                    return Task.CompletedTask;
                }
            );
            builder.Configuration.Sources.Insert(
                0,
                new MemoryConfigurationSource
                {
                    InitialData = DataDirectory
                        .Of(builder)
                        .Secrets.Select(s => KeyValuePair.Create($"Parameters:{s.Key}", (string?)s.Value)),
                }
            );
        }
        return builder;
    }

    /// <summary>A secret parameter: kept with the clone's data in a run, generated by whoever deploys when published.</summary>
    public static IResourceBuilder<ParameterResource> AddSecret(this IDistributedApplicationBuilder builder, string name)
    {
        if (builder.ExecutionContext.IsRunMode && string.IsNullOrEmpty(builder.Configuration[$"Parameters:{name}"]))
            builder.Configuration[$"Parameters:{name}"] = DataDirectory.Of(builder).Secret(name);
        return builder.AddParameter(name, new GenerateParameterDefault { MinLength = 32, Special = false }, secret: true);
    }
}
