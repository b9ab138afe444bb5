using Npgsql;
using NpgsqlTypes;

namespace Overnight.Jobs.Import;

/// <summary>A staged rate that contradicts a stored one.</summary>
internal sealed record RateConflict(int Line, string Value, string Problem);

/// <summary>
/// Compares staged rates with the stored rate of the same pair that is nearest in time, so that a file in other units, or with a
/// misplaced decimal point, does not replace right rates. Demo rates are made up, and not compared with.
/// </summary>
internal static class StoredRateCheck
{
    public const string AcceptOption = "--accept-contradictions";

    /// <summary>
    /// A rate may be this share more than the stored one, or the stored one this share more than it, for values up to a month apart;
    /// over n months times the root of n.
    /// </summary>
    private const decimal MaxMove = 0.25m;

    /// <summary>Smallest change that can count as an inverted rate, because near parity a rate and its inverse are nearly equal.</summary>
    private const decimal LeastInverted = 0.1m;
    private const double DaysOfMonth = 30;

    private const string Nearest = """
        select i.line, i.base, i.quote, i.rate, i.as_of, s.base = i.base, s.rate, s.as_of, s.source
        from imported_rates i cross join lateral (
            select * from exchange_rates r
            where (r.base, r.quote) in ((i.base, i.quote), (i.quote, i.base)) and r.source <> 'demo'
            order by abs(extract(epoch from r.as_of - i.as_of)), r.as_of desc, r.known_at desc, r.base = i.base desc limit 1) s
        order by i.line
        """;

    public static async Task<IReadOnlyList<RateConflict>> FindAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using NpgsqlCommand command = new(Nearest, connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<RateConflict> found = [];
        while (await reader.ReadAsync(ct))
        {
            var (rate, asOf) = (reader.GetDecimal(3), reader.GetFieldValue<DateTimeOffset>(4));
            var stored = reader.GetBoolean(5) ? reader.GetDecimal(6) : 1 / reader.GetDecimal(6);
            var storedAsOf = reader.GetFieldValue<DateTimeOffset>(7);
            if (Compare(rate, stored, (asOf - storedAsOf).Duration()) is not { } complaint)
                continue;
            found.Add(
                new(
                    reader.GetInt32(0),
                    $"{rate:0.############}",
                    $"{complaint} the stored {reader.GetString(1)}/{reader.GetString(2)} {stored:0.############} of {storedAsOf:yyyy-MM-dd} ({reader.GetString(8)}); if it is right, import it with {AcceptOption}"
                )
            );
        }
        return found;
    }

    public static async Task RemoveAsync(NpgsqlConnection connection, IReadOnlyList<RateConflict> found, CancellationToken ct)
    {
        await using NpgsqlCommand command = new("delete from imported_rates where line = any($1)", connection)
        {
            Parameters =
            {
                new() { Value = found.Select(c => c.Line).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Integer },
            },
        };
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <returns>The beginning of a sentence that ends with the stored rate; null when the two agree.</returns>
    private static string? Compare(decimal rate, decimal stored, TimeSpan apart)
    {
        var bound = MaxMove * (decimal)Math.Sqrt(Math.Max(1, apart.TotalDays / DaysOfMonth));
        if (Differs(rate, stored, LeastInverted) && IsNearerToInverse((double)rate, (double)stored))
            return "looks like the inverse of";
        return Differs(rate, stored, bound) ? $"is more than {bound * 100:0} % away from" : null;
    }

    private static bool Differs(decimal one, decimal other, decimal share)
    {
        var (low, high) = one < other ? (one, other) : (other, one);
        return high - low > low * share;
    }

    /// <summary>Compares ratios, so that doubling is as far as halving.</summary>
    private static bool IsNearerToInverse(double rate, double stored) =>
        Math.Abs(Math.Log(rate) + Math.Log(stored)) < Math.Abs(Math.Log(rate) - Math.Log(stored));
}
