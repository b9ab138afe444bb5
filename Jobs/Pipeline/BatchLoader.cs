using System.Text.Json;
using Npgsql;
using Overnight.Core.Portfolios;

namespace Overnight.Jobs.Pipeline;

/// <summary>
/// Loads a batch completely, in two round trips, before anything is written. The sets are ordered by user, so that they
/// are merged without a lookup. Holdings, by far the most rows, come by COPY.
/// </summary>
internal static class BatchLoader
{
    // `offset 0` keeps the inner queries from being merged into the outer: how many users a range of ids holds PostgreSQL
    // guesses badly, and with a bad guess a join reads the whole table, or the range once for every user in it.
    private const string Users = """
        select p.user_id, u.base_currency, p.contribution, c.id, c.version, c.rules
        from portfolios p
        cross join lateral (
            select base_currency from users where id = p.user_id and deleted_at is null and banned_at is null
              and exists (select from user_markets m where m.user_id = p.user_id and m.market = $3) offset 0) u
        left join lateral (
            select id, version, rules from criteria_versions where user_id = p.user_id and version = p.criteria_version offset 0) c on true
        where p.user_id between $1 and $2 order by p.user_id
        """;

    // After the holdings: a class is added before a holding uses it.
    private const string Classes = """
        select user_id, id, name, target_min, target_max, min_amount from asset_classes
        where user_id between $1 and $2 order by user_id, name
        """;

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
        await using NpgsqlBatch commands = new(connection, transaction)
        {
            BatchCommands =
            {
                new(Users)
                {
                    Parameters =
                    {
                        new() { Value = batch.FirstUser },
                        new() { Value = batch.LastUser },
                        new() { Value = context.Run.Market },
                    },
                },
                new(Classes)
                {
                    Parameters =
                    {
                        new() { Value = batch.FirstUser },
                        new() { Value = batch.LastUser },
                    },
                },
                FailingUsers.LoadCommand(batch, context),
            },
        };
        await commands.PrepareAsync(ct);
        await using var reader = await commands.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var hasCriteria = !reader.IsDBNull(3);
            data.Users.Add(
                new(
                    reader.GetGuid(0),
                    Currency(reader.GetString(1)),
                    reader.IsDBNull(2) ? null : reader.GetDecimal(2),
                    hasCriteria ? reader.GetGuid(3) : default,
                    hasCriteria ? reader.GetInt32(4) : 0,
                    hasCriteria ? reader.GetFieldValue<byte[]>(5) : null
                )
            );
        }
        await reader.NextResultAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            data.Classes.Add(
                new(
                    reader.GetGuid(0),
                    reader.GetGuid(1),
                    JsonEncodedText.Encode(reader.GetString(2)).EncodedUtf8Bytes.ToArray(),
                    reader.IsDBNull(3) ? Decimal4.Zero : Decimal4.Round(reader.GetDecimal(3)),
                    reader.IsDBNull(4) ? Decimal4.Hundred : Decimal4.Round(reader.GetDecimal(4)),
                    reader.IsDBNull(5) ? Decimal4.Zero : Decimal4.Round(reader.GetDecimal(5))
                )
            );
        }
        await reader.NextResultAsync(ct);
        while (await reader.ReadAsync(ct))
            data.Failing.Add(reader.GetGuid(0), FailingUsers.Read(reader));
    }

    /// <summary>COPY takes no parameters; what is put into its text is the form of a UUID, which can hold nothing else.</summary>
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
            data.Holdings.Add(new(copy.Guid(), copy.Guid(), copy.OptionalGuid(), copy.Numeric8()));
    }

    /// <summary>There are a few dozen currencies and millions of users: one string each will do.</summary>
    private static string Currency(string code) => string.IsInterned(code) ?? string.Intern(code);
}
