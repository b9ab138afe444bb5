using Microsoft.Extensions.Configuration;
using Npgsql;
using Overnight.Core.Data;
using Overnight.Jobs.Commands;

namespace Overnight.Jobs.Migrations;

/// <param name="Key">Name of the connection string that names the role, for messages.</param>
/// <param name="Password">Null when the role is not created here.</param>
internal sealed record RoleLogin(string Key, string Name, string? Password);

/// <summary>
/// The roles that configuration names: the owner of the database, the one of <c>api</c> and the one that reads configured warm sets.
/// Either of the last two may be missing where roles are made by hand.
/// </summary>
/// <param name="Database">Name of Overnight's database.</param>
/// <param name="Server">The administrator's connection string, to a database that every server has; null where roles and database are
/// made by hand.</param>
internal sealed record RoleConnections(
    string Database,
    RoleLogin Owner,
    RoleLogin? Api,
    RoleLogin? Sets,
    NpgsqlConnectionStringBuilder? Server
)
{
    /// <returns>Null where there is one role for everything.</returns>
    /// <exception cref="CommandException">A string is missing, can't be read, or names no role of its own.</exception>
    public static RoleConnections? Read(IConfiguration configuration)
    {
        var server = Find(configuration, DatabaseConnection.Server);
        var (api, sets) = (Find(configuration, DatabaseConnection.Api), Find(configuration, DatabaseConnection.Sets));
        if (server is null && api is null && sets is null)
            return null;
        var overnight = Find(configuration, DatabaseConnection.Overnight) ?? throw Missing(DatabaseConnection.Overnight);
        if (server is not null)
        {
            server.Host ??= overnight.Host;
            server.Database ??= "postgres";
            server.Pooling = false;
        }
        var isMade = server is not null;
        var owner = Login(DatabaseConnection.Overnight, overnight, isMade);
        RoleConnections roles = new(
            overnight.Database ?? owner.Name,
            owner,
            Lesser(DatabaseConnection.Api, api, owner, isMade),
            Lesser(DatabaseConnection.Sets, sets, owner, isMade),
            server
        );
        roles.CheckApart();
        return roles is { Api: null, Sets: null } ? null : roles;
    }

    private static RoleLogin? Lesser(string key, NpgsqlConnectionStringBuilder? text, RoleLogin owner, bool isMade) =>
        isMade ? Login(key, text ?? throw Missing(key), isMade)
        // Where roles are made by hand, this one may be missing or be the owner, which then does everything.
        : text is null || text.Username == owner.Name ? null
        : Login(key, text, isMade);

    /// <summary>Each duty needs a role of its own, since what is granted for one is revoked for the other.</summary>
    private void CheckApart()
    {
        List<(string Key, string Name)> all = [(Owner.Key, Owner.Name)];
        if (Server is { Username: { } administrator })
            all.Add((DatabaseConnection.Server, administrator));
        foreach (var role in (ReadOnlySpan<RoleLogin?>)[Api, Sets])
        {
            if (role is not null)
                all.Add((role.Key, role.Name));
        }
        if (all.GroupBy(role => role.Name, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw new CommandException(
                $"{string.Join(" and ", twice.Select(role => $"ConnectionStrings:{role.Key}"))} name the same role, \"{twice.Key}\". Each needs a role of its own; "
                    + $"for one role for everything set ConnectionStrings:{DatabaseConnection.Overnight} alone."
            );
        }
    }

    private static NpgsqlConnectionStringBuilder? Find(IConfiguration configuration, string key)
    {
        var text = configuration.GetConnectionString(key);
        return string.IsNullOrWhiteSpace(text) ? null : DatabaseConnection.Read(text, key);
    }

    private static RoleLogin Login(string key, NpgsqlConnectionStringBuilder text, bool isMade)
    {
        if (string.IsNullOrEmpty(text.Username))
            throw new CommandException($"ConnectionStrings:{key} names no Username, which is the name of the role.");
        if (isMade && string.IsNullOrEmpty(text.Password))
            throw new CommandException($"ConnectionStrings:{key} has no Password: the role \"{text.Username}\" is made with it.");
        return new(key, text.Username, text.Password);
    }

    private static CommandException Missing(string key) =>
        new(
            $"ConnectionStrings:{key} is not set: with ConnectionStrings:{DatabaseConnection.Server} the command migrate makes three roles, and takes names and passwords from "
                + $"ConnectionStrings:{DatabaseConnection.Overnight}, :{DatabaseConnection.Api} and :{DatabaseConnection.Sets}."
        );
}
