using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Overnight.LocalServers;

namespace Overnight.AppHost;

/// <summary>
/// The folder <c>.data</c> of a clone, or <c>Overnight:DataDirectory</c>. It holds the servers' data, the secrets that open it, the
/// chosen kind of servers, and the connections of the running app. User secrets are not used because all clones would share them.
/// </summary>
internal sealed class DataDirectory(string path)
{
    private const string PathKey = "Overnight:DataDirectory",
        Alphabet = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ123456789";
    private const int SecretLength = 32;

    /// <summary>An absolute path.</summary>
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

    /// <returns>The secret of that name, generated and stored if there is none yet.</returns>
    public string Secret(string name)
    {
        var secrets = Read("parameters.json");
        if (secrets.TryGetValue(name, out var kept))
            return kept;
        secrets[name] = RandomNumberGenerator.GetString(Alphabet, SecretLength);
        WriteSecret("parameters.json", secrets);
        return secrets[name];
    }

    /// <returns>The first line of a file of the folder; null when the file does not exist.</returns>
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

    /// <summary>Replaces a file atomically with one of mode 0600.</summary>
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
                $"{full} is not valid JSON ({exception.Message}). It holds the passwords of the servers' data: restore the file, or delete {Path} to start with empty servers.",
                exception
            );
        }
    }
}

/// <summary>Held while an app runs from a data directory, because a second app would start servers on the same data.</summary>
internal sealed class DataDirectoryLock : IDisposable
{
    private readonly FileStream _file;

    private DataDirectoryLock(FileStream file) => _file = file;

    /// <exception cref="DistributedApplicationException">Another app holds the lock.</exception>
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
                $"Overnight already runs from {directory}: stop that app first, or set Overnight__DataDirectory to another folder.",
                exception
            );
        }
    }

    public void Dispose() => _file.Dispose();
}

internal static class DataDirectoryExtensions
{
    /// <summary>
    /// Locks the data directory for this run and gives its secrets to the parameters; configured values of a parameter take precedence.
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
                    // The container disposes of the lock when the app stops.
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

    /// <summary>A secret parameter: kept in the data directory in a run, generated by the deployment tool when published.</summary>
    public static IResourceBuilder<ParameterResource> AddSecret(this IDistributedApplicationBuilder builder, string name)
    {
        if (builder.ExecutionContext.IsRunMode && string.IsNullOrEmpty(builder.Configuration[$"Parameters:{name}"]))
            builder.Configuration[$"Parameters:{name}"] = DataDirectory.Of(builder).Secret(name);
        return builder.AddParameter(name, new GenerateParameterDefault { MinLength = 32, Special = false }, secret: true);
    }
}
