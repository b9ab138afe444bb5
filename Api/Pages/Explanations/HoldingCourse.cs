using System.Globalization;
using Npgsql;
using Overnight.Api.Pages.Dashboard;
using Overnight.Api.Pages.Display;
using Overnight.Core.Data;

namespace Overnight.Api.Pages.Explanations;

/// <summary>A holding's amounts over past nights as a line and a table.</summary>
/// <param name="Points">Of the line, in a box of 100 x 40.</param>
/// <param name="Most">The largest amount; null where there was none.</param>
/// <param name="Rows">Latest first.</param>
/// <param name="Note">Why it begins where it does; null where that needs no words.</param>
public sealed record CourseViewModel(
    string Points,
    string Description,
    string First,
    string Last,
    string? Most,
    IReadOnlyList<CourseRow> Rows,
    string? Note
);

public sealed record CourseRow(string Night, string Amount, string Score);

/// <summary>Reads a holding's amounts from the user's stored results: of each date the latest.</summary>
internal sealed class HoldingCourse(NpgsqlDataSource database)
{
    private const int MostNights = 30;

    /// <summary>Of results that are read for one page; that of a usual portfolio has 12 KB, and none more than 4 MB.</summary>
    private const int MostBytes = 4 * 1024 * 1024;

    // $1 user, $2 the last date. Of revisions and markets of one date the latest.
    internal const string Results = """
        select business_date, recommendations from (
            select business_date, recommendations, sum(octet_length(recommendations)) over (order by business_date desc) as bytes from (
                select distinct on (business_date) business_date, recommendations from calculation_results
                where user_id = $1 and business_date <= $2 order by business_date desc, run_id desc limit $3) latest) sized
        where bytes <= $4 order by business_date desc
        """;

    /// <param name="symbol">The asset's, by which results list what they left out.</param>
    /// <returns>Null before the second night.</returns>
    public async Task<CourseViewModel?> ReadAsync(
        Guid user,
        Guid asset,
        string symbol,
        DateOnly until,
        DisplayFormats formats,
        CancellationToken ct
    )
    {
        List<CoursePoint> nights = [];
        string? note = null;
        await using var command = database.Command(Results, user, until, MostNights, (long)MostBytes);
        await using (var reader = await command.ExecuteReaderAsync(ct))
        {
            while (await reader.ReadAsync(ct))
            {
                // A damaged night is no point of the line; the others are.
                if (ResultDocumentReader.TryRead(reader.GetFieldValue<byte[]>(1)) is not { } result)
                    continue;
                // Amounts in two currencies have no common scale.
                if (nights.Count > 0 && result.Currency != nights[0].Currency)
                {
                    note = $"Earlier nights were in {result.Currency}, and amounts in two currencies have no common scale.";
                    break;
                }
                var item = result.Recommendations.FirstOrDefault(one => one.AssetId == asset);
                nights.Add(
                    new(
                        reader.GetFieldValue<DateOnly>(0),
                        item.Amount,
                        item.AssetId == asset ? item.Score : null,
                        result.Currency,
                        result.LeftOut.Any(one => one.Symbol == symbol)
                    )
                );
            }
        }
        if (nights.Count < 2)
            return null;
        nights.Reverse();
        var most = nights.Max(night => night.Amount);
        var rows = nights.ConvertAll(night => new CourseRow(
            Day(night.Date),
            night.Score is null ? (night.IsLeftOut ? "left out" : "not held") : formats.Amount(night.Amount, 2, night.Currency),
            night.Score is { } score ? formats.Number(score, DisplayFormats.Decimals([score])) : ""
        ));
        var last = nights[^1];
        return new(
            string.Join(' ', nights.Select((night, at) => Point(at, nights.Count, night.Amount, most))),
            $"{nights.Count} nights from {rows[0].Night} ({rows[0].Amount}) to {rows[^1].Night} ({rows[^1].Amount}); "
                + (most == 0 ? "no amount in any of them." : $"the most was {formats.Amount(most, 2, last.Currency)}."),
            rows[0].Night,
            rows[^1].Night,
            most == 0 ? null : formats.Amount(most, 2, last.Currency),
            [.. rows.AsEnumerable().Reverse()],
            note
        );

        string Day(DateOnly date) => formats.Sentence(ExplanationPaths.Date(date));
    }

    private static string Point(int at, int count, decimal amount, decimal most)
    {
        var (x, y) = (100m * at / (count - 1), most == 0 ? 38 : 38 - 36 * amount / most);
        return string.Create(CultureInfo.InvariantCulture, $"{decimal.Round(x, 2)},{decimal.Round(y, 2)}");
    }

    /// <param name="Score">Null where the holding was not ranked.</param>
    /// <param name="IsLeftOut">Held, and not ranked for want of a price.</param>
    private readonly record struct CoursePoint(DateOnly Date, decimal Amount, decimal? Score, string Currency, bool IsLeftOut);
}
