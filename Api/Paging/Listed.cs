namespace Overnight.Api.Paging;

/// <summary>A page of a list; <paramref name="NextCursor"/> is null on the last.</summary>
internal sealed record Listed<T>(IReadOnlyList<T> Items, string? NextCursor)
{
    /// <param name="rows">Up to one more than the page holds, which shows whether there is another page.</param>
    /// <param name="place">Makes the cursor of a row.</param>
    public static Listed<T> Of<TRow, TCursor>(List<TRow> rows, PageQuery<TCursor> page, Func<TRow, TCursor> place, Func<TRow, T> show)
        where TCursor : struct
    {
        var more = rows.Count > page.Limit;
        if (more)
            rows.RemoveRange(page.Limit, rows.Count - page.Limit);
        return new(rows.ConvertAll(row => show(row)), more ? Cursor.Encode(place(rows[^1])) : null);
    }
}
