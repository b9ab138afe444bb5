using System.Reflection;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data;

/// <summary>
/// The migrations of this build. EF Core can list them too, but it builds its services and model first, which adds a second to the start
/// of a program.
/// </summary>
public static class MigrationIds
{
    /// <summary>The name of the history table, quoted as in SQL.</summary>
    public const string HistoryTable = "\"__EFMigrationsHistory\"";

    /// <summary>Ids of the migrations in the order in which they are applied.</summary>
    public static IReadOnlyList<string> Ids { get; } =
    [
        .. typeof(MigrationIds)
            .Assembly.GetTypes()
            .Select(type => type.GetCustomAttribute<MigrationAttribute>()?.Id)
            .OfType<string>()
            .Order(StringComparer.Ordinal),
    ];
}
