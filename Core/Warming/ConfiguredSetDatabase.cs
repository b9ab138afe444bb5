using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Overnight.Core.Data;

namespace Overnight.Core.Warming;

/// <summary>
/// Connections for own warm sets, as a role that may only read the tables it was granted. They log in as that role, because the SQL of a
/// set could undo a <c>set role</c> on another role's connection.
/// </summary>
public sealed class ConfiguredSetDatabase : IDisposable
{
    /// <summary>Connections per process, one for each set of a phase that is warmed concurrently.</summary>
    private const int MostConnections = 4;

    /// <exception cref="OptionsValidationException">The connection string is invalid.</exception>
    public ConfiguredSetDatabase(IConfiguration configuration, ILoggerFactory loggers)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        const string key = $"ConnectionStrings:{DatabaseConnection.Sets}";
        var connectionString = configuration.GetConnectionString(DatabaseConnection.Sets);
        if (string.IsNullOrWhiteSpace(connectionString))
            Off = $"{key} is not set";
        else if (IsOwner(connectionString, configuration.GetConnectionString(DatabaseConnection.Overnight)))
            Off = $"{key} names the role of ConnectionStrings:{DatabaseConnection.Overnight}, which may do more than read";
        else
            Source = Create(connectionString, loggers);
    }

    /// <summary>Null where own sets are off; <see cref="Off"/> then says why.</summary>
    public NpgsqlDataSource? Source { get; }

    /// <summary>Why own sets are off; null when they are on.</summary>
    public string? Off { get; }

    public void Dispose() => Source?.Dispose();

    private static bool IsOwner(string connectionString, string? overnight) =>
        !string.IsNullOrWhiteSpace(overnight)
        && DatabaseConnection.Read(connectionString, DatabaseConnection.Sets).Username == DatabaseConnection.Read(overnight).Username;

    private static NpgsqlDataSource Create(string connectionString, ILoggerFactory loggers)
    {
        NpgsqlDataSourceBuilder source = new(DatabaseConnection.Complete(connectionString, MostConnections, DatabaseConnection.Sets));
        source.UseLoggerFactory(loggers);
        // The check at start runs outside any trace, so its statements are not recorded.
        source.ConfigureTracing(static tracing =>
            tracing
                .ConfigureCommandFilter(static _ => Activity.Current is not null)
                .ConfigureBatchFilter(static _ => Activity.Current is not null)
                .EnablePhysicalOpenTracing(false)
        );
        return source.Build();
    }
}
