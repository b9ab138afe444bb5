using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Npgsql;
using Overnight.Api.Sessions;
using Overnight.Core.Caching;
using Overnight.Core.Flags;

namespace Overnight.Api.Flags;

/// <summary>
/// A copy on disk of what a node answers while neither PostgreSQL nor the cache can be reached, so that one that restarts meanwhile answers
/// the same: the last known flags, and the hashes of the tokens it has seen valid, without their users.
/// </summary>
internal sealed partial class OutageCopy(
    LastKnownEntries entries,
    FlagReader flags,
    TokenOwners owners,
    NpgsqlDataSource database,
    IOptions<FlagOptions> options,
    TimeProvider time,
    ILogger<OutageCopy> logger
)
{
    /// <summary>How often the copy is written; a node that is killed loses what it learned since.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    /// <summary>Largest number of tokens in the copy, some 100 bytes each.</summary>
    private const int MostTokens = 10_000;

    private const UnixFileMode OwnersFolder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
        OwnersFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The file, named after database and environment, since installations may share a machine; null for no copy.</summary>
    private string? File => options.Value.CopyDirectory is { Length: > 0 } folder ? Path.Combine(folder, Name()) : null;

    /// <summary>Takes over the copy, where there is one. What cannot be read of it is left out.</summary>
    public async Task ReadAsync(CancellationToken ct)
    {
        if (File is not { } file || !System.IO.File.Exists(file))
            return;
        try
        {
            await using var stream = System.IO.File.OpenRead(file);
            if (await JsonSerializer.DeserializeAsync<Content>(stream, JsonSerializerOptions.Web, ct) is not { Flags: not null } content)
                return;
            foreach (var (flag, bytes) in content.Flags)
            {
                if (CacheEntry.Read(bytes, flags.KeyOf(flag)) is { } entry)
                    entries.Keep(flag, entry);
            }
            foreach (var (hash, expiresAt) in content.Tokens ?? [])
                owners.Restore(hash, expiresAt);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            // The copy is needed in an outage only, and is written anew.
            Log.NotRead(logger, file, exception.Message);
        }
    }

    /// <summary>Replaces the copy, unless this node knows no flag.</summary>
    public async Task WriteAsync(CancellationToken ct)
    {
        var known = entries.All();
        if (File is not { } file || known.Count == 0)
            return;
        MakeFolder();
        var half = $"{file}.{Environment.ProcessId}";
        FileStreamOptions creation = new() { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            creation.UnixCreateMode = OwnersFile;
        await using (FileStream stream = new(half, creation))
        {
            Content content = new(
                known.ToDictionary(flag => flag.Key, flag => flag.Value.Bytes),
                owners.Valid(time.GetUtcNow(), MostTokens).ToDictionary()
            );
            await JsonSerializer.SerializeAsync(stream, content, JsonSerializerOptions.Web, ct);
        }
        // Whoever reads the copy sees the whole of one, also where the node is killed here.
        System.IO.File.Move(half, file, overwrite: true);
    }

    private void MakeFolder()
    {
        var folder = options.Value.CopyDirectory;
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, OwnersFolder);
    }

    private string Name()
    {
        NpgsqlConnectionStringBuilder where = new(database.ConnectionString);
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{where.Host}:{where.Port}/{where.Database}"));
        return $"flags-{options.Value.Environment}-{Convert.ToHexStringLower(hash.AsSpan(0, 8))}.json";
    }

    private sealed record Content(Dictionary<string, byte[]>? Flags, Dictionary<string, DateTimeOffset>? Tokens);

    private static partial class Log
    {
        [LoggerMessage(332, LogLevel.Warning, "The copy of flags in {File} could not be read, and is not used. {Reason}")]
        public static partial void NotRead(ILogger logger, string file, string reason);
    }
}
