using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Data;
using Overnight.Jobs.Import;

namespace Overnight.Jobs.Demo;

/// <summary>
/// Writes demo users with COPY, table by table. Fields are written synchronously: they go into a buffer, and millions of awaits would
/// cost more than the copy.
/// </summary>
internal static class DemoCopy
{
    private const string Market = "NYSE";
    private const int FirstVersion = 1;

    /// <summary>Tables whose foreign keys are worth checking once instead of row by row.</summary>
    public static string[] BigTables { get; } = ["criteria_versions", "portfolios", "asset_classes", "holdings", "user_markets"];

    public const string Analyze = "analyze users, user_markets, criteria_versions, portfolios, asset_classes, holdings, assets";

    private const string InsertAdmin = """
        insert into users (id, email, display_name, role, base_currency, created_at) values ($1, $2, 'Demo admin', 'admin', 'USD', $3) on conflict do nothing
        """;

    /// <summary>The admin has no portfolio, so no run computes one.</summary>
    public static async Task AddAdminAsync(NpgsqlConnection connection, long seed, CancellationToken ct)
    {
        await using var command = connection.Command(
            InsertAdmin,
            DemoIds.User(seed, DemoAccounts.AdminNumber),
            DemoAccounts.Admin,
            DemoIds.CreatedAt(DemoAccounts.AdminNumber)
        );
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Copies the tables in the order that their foreign keys need.</summary>
    /// <param name="withCriteria">Users whose criteria are there already.</param>
    public static async Task CopyAsync(NpgsqlConnection connection, DemoUser[] users, HashSet<Guid> withCriteria, CancellationToken ct)
    {
        await CopyAsync(
            connection,
            "users (id, email, display_name, role, base_currency, created_at)",
            users,
            static (copy, user) =>
            {
                copy.StartRow();
                copy.Write(user.Id, NpgsqlDbType.Uuid);
                copy.Write(user.Email, NpgsqlDbType.Text);
                copy.Write(user.DisplayName, NpgsqlDbType.Text);
                copy.Write("user", NpgsqlDbType.Text);
                copy.Write(user.BaseCurrency, NpgsqlDbType.Text);
                copy.Write(DemoIds.CreatedAt(user.Number), NpgsqlDbType.TimestampTz);
            },
            ct
        );
        await CopyAsync(
            connection,
            "criteria_versions (user_id, version, id, rules, created_at)",
            withCriteria.Count == 0 ? users : Array.FindAll(users, user => !withCriteria.Contains(user.Id)),
            static (copy, user) =>
            {
                copy.StartRow();
                copy.Write(user.Id, NpgsqlDbType.Uuid);
                copy.Write(FirstVersion, NpgsqlDbType.Integer);
                copy.Write(user.CriteriaId, NpgsqlDbType.Uuid);
                copy.Write(user.Rules, NpgsqlDbType.Json);
                copy.Write(DemoIds.CreatedAt(user.Number), NpgsqlDbType.TimestampTz);
            },
            ct
        );
        await CopyAsync(
            connection,
            "portfolios (user_id, contribution, criteria_version, created_at)",
            users,
            static (copy, user) =>
            {
                copy.StartRow();
                copy.Write(user.Id, NpgsqlDbType.Uuid);
                copy.WriteOrNull(user.Contribution);
                copy.Write(FirstVersion, NpgsqlDbType.Integer);
                copy.Write(DemoIds.CreatedAt(user.Number), NpgsqlDbType.TimestampTz);
            },
            ct
        );
        await CopyAsync(connection, "asset_classes (user_id, id, name, target_min, target_max, min_amount)", users, WriteClasses, ct);
        await CopyAsync(connection, "holdings (user_id, asset_id, class_id, quantity, ignored)", users, WriteHoldings, ct);
        await CopyAsync(
            connection,
            "user_markets (user_id, market)",
            users,
            static (copy, user) =>
            {
                copy.StartRow();
                copy.Write(user.Id, NpgsqlDbType.Uuid);
                copy.Write(Market, NpgsqlDbType.Text);
            },
            ct
        );
    }

    private static void WriteClasses(NpgsqlBinaryImporter copy, DemoUser user)
    {
        foreach (var one in user.Classes)
        {
            copy.StartRow();
            copy.Write(user.Id, NpgsqlDbType.Uuid);
            copy.Write(one.Id, NpgsqlDbType.Uuid);
            copy.Write(one.Name, NpgsqlDbType.Text);
            copy.WriteOrNull(one.TargetMin);
            copy.WriteOrNull(one.TargetMax);
            copy.WriteOrNull(one.MinAmount);
        }
    }

    private static void WriteHoldings(NpgsqlBinaryImporter copy, DemoUser user)
    {
        foreach (var holding in user.Holdings)
        {
            copy.StartRow();
            copy.Write(user.Id, NpgsqlDbType.Uuid);
            copy.Write(holding.AssetId, NpgsqlDbType.Uuid);
            if (holding.Class is { } index)
                copy.Write(user.Classes[index].Id, NpgsqlDbType.Uuid);
            else
                copy.WriteNull();
            copy.Write(holding.Quantity, NpgsqlDbType.Numeric);
            copy.Write(holding.Ignored, NpgsqlDbType.Boolean);
        }
    }

    private static async Task CopyAsync(
        NpgsqlConnection connection,
        string target,
        DemoUser[] users,
        Action<NpgsqlBinaryImporter, DemoUser> write,
        CancellationToken ct
    )
    {
        await using var copy = await connection.BeginBinaryImportAsync($"copy {target} from stdin (format binary)", ct);
        copy.Timeout = Timeout.InfiniteTimeSpan;
        foreach (var user in users)
            write(copy, user);
        await copy.CompleteAsync(ct);
    }
}
