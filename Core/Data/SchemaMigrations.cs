using System.Reflection;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data;

/// <summary>
/// The migrations of this build. EF Core knows them, too, but builds its services and model first, which takes a program's start a
/// second.
/// </summary>
public static class SchemaMigrations
{
    /// <summary>Quoted as SQL has it.</summary>
    public const string HistoryTable = "\"__EFMigrationsHistory\"";

    /// <summary>In the order in which they are applied.</summary>
    public static IReadOnlyList<string> Ids { get; } =
    [
        .. typeof(SchemaMigrations)
            .Assembly.GetTypes()
            .Select(type => type.GetCustomAttribute<MigrationAttribute>()?.Id)
            .OfType<string>()
            .Order(StringComparer.Ordinal),
    ];
}
