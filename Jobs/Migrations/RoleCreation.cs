using Npgsql;
using Overnight.Jobs.Commands;

namespace Overnight.Jobs.Migrations;

/// <summary>
/// Creates the roles with their passwords, and the database. Migrations of other databases of the server may change roles meanwhile.
/// </summary>
internal static class RoleCreation
{
    // These queries describe in words a right that the role must not have.
    private const string Superuser = "select 'is a superuser'::text from pg_roles where rolname = $1 and rolsuper";

    private const string Excess = """
        select case when rolsuper then 'is a superuser' when rolbypassrls then 'may bypass row-level security' when rolcreaterole
            then 'may create roles'
            when rolcreatedb then 'may create databases' when rolreplication then 'may replicate' when pg_has_role(oid, $2::name, 'member')
                then 'is a member of ' || $2 end
        from pg_roles where rolname = $1
        """;

    /// <summary>
    /// Held while roles are changed, since of two statements that alter one role at once one fails. The lock belongs to the database of the
    /// administrator's connection string and ends with the connection, which is not pooled.
    /// </summary>
    public const string Lock = "select pg_advisory_lock(hashtext('overnight.roles'))";

    /// <returns>Whether the database was made.</returns>
    public static async Task<bool> CreateAsync(RoleConnections roles, NpgsqlDataSource server, CancellationToken ct)
    {
        var (owner, api, sets) = (roles.Owner, roles.Api!, roles.Sets!);
        await using var connection = await server.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(Lock, ct);
        var isSuperuser = await connection.ScalarAsync<bool>("select rolsuper from pg_roles where rolname = current_user", ct);
        foreach (var role in (RoleLogin[])[owner, api, sets])
            await EnsureRoleAsync(connection, role, ct);
        // Checked first, so that the password of no other role is changed.
        await CheckAsync(connection, owner, Superuser, ct);
        foreach (var role in (RoleLogin[])[api, sets])
            await CheckAsync(connection, role, Excess, ct, owner.Name);
        foreach (var role in (RoleLogin[])[owner, api, sets])
            await EnsurePasswordAsync(connection, role, isSuperuser, ct);
        foreach (var role in (RoleLogin[])[api, sets])
        {
            // As a member of these roles the owner can see and end their sessions.
            if (!await connection.ScalarAsync<bool>("select pg_has_role($1::name, $2::name, 'member')", ct, owner.Name, role.Name))
                await connection.ExecuteAsync($"grant {Sql.Name(role.Name)} to {Sql.Name(owner.Name)}", ct);
        }
        // An administrator that is no superuser must be a member of a role to make it the owner of something.
        if (!isSuperuser)
            await connection.ExecuteAsync($"grant {Sql.Name(owner.Name)} to current_user", ct);
        return await EnsureDatabaseAsync(connection, roles.Database, owner.Name, ct);
    }

    private static async Task EnsureRoleAsync(NpgsqlConnection connection, RoleLogin role, CancellationToken ct)
    {
        if (await connection.ScalarAsync<bool>("select exists (select from pg_roles where rolname = $1)", ct, role.Name))
            return;
        try
        {
            await connection.ExecuteAsync($"create role {Sql.Name(role.Name)}", ct);
        }
        catch (PostgresException exists) when (exists.SqlState is PostgresErrorCodes.DuplicateObject or PostgresErrorCodes.UniqueViolation)
        {
            // Someone without the lock has created the role meanwhile.
        }
    }

    private static async Task CheckAsync(
        NpgsqlConnection connection,
        RoleLogin role,
        string excess,
        CancellationToken ct,
        params string[] values
    )
    {
        if (await connection.ScalarAsync<string?>(excess, ct, [role.Name, .. values]) is { } words)
            throw new CommandException(
                $"ConnectionStrings:{role.Key} names the role \"{role.Name}\", which {words}. Name a role that may do nothing yet."
            );
    }

    private static async Task EnsurePasswordAsync(NpgsqlConnection connection, RoleLogin role, bool isSuperuser, CancellationToken ct)
    {
        // Only a superuser can read the stored verifier. A password that is right is kept, so that another migrate changes nothing.
        var stored = isSuperuser
            ? await connection.ScalarAsync<string?>("select rolpassword from pg_authid where rolname = $1 and rolcanlogin", ct, role.Name)
            : null;
        if (!ScramVerifier.IsOf(stored, role.Password!))
            await connection.ExecuteAsync(
                $"alter role {Sql.Name(role.Name)} login password {Sql.Text(ScramVerifier.Create(role.Password!))}",
                ct
            );
    }

    private static async Task<bool> EnsureDatabaseAsync(NpgsqlConnection connection, string name, string owner, CancellationToken ct)
    {
        switch (await connection.ScalarAsync<string?>("select pg_get_userbyid(datdba)::text from pg_database where datname = $1", ct, name))
        {
            case null:
                try
                {
                    await connection.ExecuteAsync($"create database {Sql.Name(name)} owner {Sql.Name(owner)}", ct);
                    return true;
                }
                catch (PostgresException exists)
                    when (exists.SqlState is PostgresErrorCodes.DuplicateDatabase or PostgresErrorCodes.UniqueViolation)
                {
                    return await EnsureDatabaseAsync(connection, name, owner, ct);
                }
            case var other when other != owner:
                await connection.ExecuteAsync($"alter database {Sql.Name(name)} owner to {Sql.Name(owner)}", ct);
                return false;
            default:
                return false;
        }
    }
}
