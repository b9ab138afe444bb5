using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Portfolios;

namespace Overnight.Jobs.Pipeline;

/// <summary>
/// Loads a batch completely before anything is written. The sets are ordered by user, so that they are merged without a
/// lookup. Holdings and classes, by far the most rows, come by COPY. A value that no calculation can use is a fault of its
/// user only, so that one user's data can't stop the others of the batch.
/// </summary>
internal static class BatchLoader
{
    // `offset 0` keeps the inner queries from being merged into the outer one: PostgreSQL estimates badly how many users a range of
    // ids has, and would then read the whole table, or the range once for every user in it. A contribution out of range is sent as
    // text, and criteria above the limit are not sent.
    private const string Users = """
        select p.user_id, u.base_currency, case when p.contribution between 0 and $4 then round(p.contribution, 4) end,
            c.id, c.version, case when pg_column_size(c.rules) <= $5 then c.rules end,
            case when not p.contribution between 0 and $4 then left(p.contribution::text, 60) end, pg_column_size(c.rules), c.hash
        from portfolios p
        cross join lateral (
            select base_currency from users where id = p.user_id and deleted_at is null and banned_at is null
              and exists (select from user_markets m where m.user_id = p.user_id and m.market = $3) offset 0) u
        left join lateral (
            select id, version, rules, hash from criteria_versions where user_id = p.user_id and version = p.criteria_version offset 0) c on true
        where p.user_id between $1 and $2 order by p.user_id
        """;

    /// <summary>Limit of a user's criteria, in bytes as stored; 64 criteria take some 20,000.</summary>
    private const int MostRules = 1024 * 1024;

    public static async Task LoadAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        ClaimedBatch batch,
        RunContext context,
        BatchData data,
        CancellationToken ct
    )
    {
        data.Clear();
        await LoadHoldingsAsync(connection, batch, data, ct);
        // After the holdings: a class is added before a holding uses it.
        await LoadClassesAsync(connection, batch, data, ct);
        await using NpgsqlBatch commands = new(connection, transaction)
        {
            BatchCommands =
            {
                Statement.Of(Users, batch.FirstUser, batch.LastUser, context.Run.Market, Decimal4.MaxValue.ToDecimal(), MostRules),
                UserQuarantine.LoadCommand(batch, context),
            },
        };
        await commands.PrepareAsync(ct);
        await using var reader = await commands.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            data.Users.Add(ReadUser(reader, data));
        await reader.NextResultAsync(ct);
        while (await reader.ReadAsync(ct))
            data.Failing.Add(reader.GetGuid(0), UserQuarantine.Read(reader));
        await reader.DisposeAsync();
        if (context.Run.AsOf is not null)
            await CapturedPortfolios.LoadAsync(connection, batch, context, data, ct);
    }

    private static LoadedUser ReadUser(NpgsqlDataReader reader, BatchData data)
    {
        var (id, currency) = (reader.GetGuid(0), Currency(reader.GetString(1)));
        var hasCriteria = !reader.IsDBNull(3);
        var rules = reader.IsDBNull(5) ? null : reader.GetFieldValue<byte[]>(5);
        if (!reader.IsDBNull(6))
            data.Fault(id, LoadFault.OutOfRange("portfolios.contribution", reader.GetString(6)));
        if (currency is not [>= 'A' and <= 'Z', >= 'A' and <= 'Z', >= 'A' and <= 'Z'])
            data.Fault(id, LoadFault.Corrupt("users.base_currency", currency, "three letters from A to Z"));
        if (hasCriteria && rules is null)
            data.Fault(id, LoadFault.Corrupt("criteria_versions.rules", $"{reader.GetInt32(7)} bytes", $"at most {MostRules} bytes"));
        return new(
            id,
            currency,
            reader.IsDBNull(2) ? null : reader.GetDecimal(2),
            hasCriteria ? reader.GetGuid(3) : default,
            hasCriteria ? reader.GetInt32(4) : 0,
            rules,
            hasCriteria ? reader.GetFieldValue<byte[]>(8) : []
        );
    }

    /// <summary>COPY takes no parameters; only UUIDs are put into its text.</summary>
    private static async Task LoadHoldingsAsync(NpgsqlConnection connection, ClaimedBatch batch, BatchData data, CancellationToken ct)
    {
        var copy = data.Copy;
        await copy.LoadAsync(
            connection,
            $"""
            select user_id, asset_id, class_id, quantity from holdings
            where user_id between '{batch.FirstUser:D}' and '{batch.LastUser:D}' and not ignored order by user_id, asset_id
            """,
            ct
        );
        while (copy.NextRow())
            data.Holdings.Add(LoadedRowReader.Holding(copy, data));
    }

    private static async Task LoadClassesAsync(NpgsqlConnection connection, ClaimedBatch batch, BatchData data, CancellationToken ct)
    {
        var copy = data.Copy;
        await copy.LoadAsync(
            connection,
            $"""
            select user_id, id, name, target_min, target_max, min_amount from asset_classes
            where user_id between '{batch.FirstUser:D}' and '{batch.LastUser:D}' order by user_id, name
            """,
            ct
        );
        while (copy.NextRow())
            data.Classes.Add(LoadedRowReader.Class(copy, data));
    }

    /// <summary>Interned, since there are a few dozen currencies and millions of users.</summary>
    private static string Currency(string code) => string.IsInterned(code) ?? string.Intern(code);
}
