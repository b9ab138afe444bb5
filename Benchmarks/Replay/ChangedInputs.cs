using Npgsql;
using Overnight.Core.Data;

namespace Overnight.Benchmarks.Replay;

/// <summary>Changes everything that a calculation is made from, so that a replay from what is there now would differ.</summary>
internal static class ChangedInputs
{
    private const string Portfolios = """
        update holdings set quantity = round(quantity * (0.5 + random())::numeric, 8) where random() < 0.3;
        update portfolios set contribution = round((random() * 5000)::numeric, 2) where random() < 0.5;
        update asset_classes set min_amount = round((random() * 50)::numeric, 2) where random() < 0.3
        """;

    // Market data is append-only: a change is a later version of a row.
    private const string Market = """
        insert into prices (asset_id, as_of, price, source)
            select distinct on (asset_id) asset_id, as_of, round(price * (0.9 + random() / 5)::numeric, 4), source
            from prices order by asset_id, as_of desc, known_at desc;
        create temp table corrected as select distinct on (asset_id) * from fundamentals order by asset_id, as_of desc, known_at desc;
        delete from corrected where random() < 0.5;
        update corrected set pe_ratio = pe_ratio * 0.9, known_at = clock_timestamp();
        insert into fundamentals select * from corrected;
        drop table corrected;
        insert into exchange_rates (base, quote, as_of, rate, source)
            select distinct on (base, quote) base, quote, as_of, rate * 1.01, source
            from exchange_rates order by base, quote, as_of desc, known_at desc
        """;

    private const string Criteria = """
        insert into criteria_versions (user_id, version, id, rules)
            select p.user_id, c.version + 1, gen_random_uuid(), regexp_replace(c.rules::text, '"points": *1', '"points": 2', 'g')::json
            from portfolios p join criteria_versions c on c.user_id = p.user_id and c.version = p.criteria_version;
        update portfolios set criteria_version = criteria_version + 1 where criteria_version is not null
        """;

    /// <param name="seed">The same changes for the same seed.</param>
    public static async Task MakeAsync(NpgsqlDataSource database, int seed, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using (var begin = connection.Command("select setseed($1)", new Random(seed).NextDouble()))
            await begin.ExecuteNonQueryAsync(ct);
        await using var change = connection.Command($"{Portfolios};{Market};{Criteria}");
        await change.ExecuteNonQueryAsync(ct);
    }
}
