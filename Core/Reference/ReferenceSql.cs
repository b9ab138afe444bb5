namespace Overnight.Core.Reference;

/// <summary>
/// Parts of SQL that make JSON in PostgreSQL: without blanks, decimals as strings without trailing zeros, times ISO 8601 in UTC.
/// </summary>
internal static class ReferenceSql
{
    /// <summary>The rows of a query as an array of objects; empty where there are none.</summary>
    public static string Array(string rows) => $"array_to_json(array(select row_to_json(r) from ({rows}) r))";

    /// <summary>The one row of a query as an object; null where there is none.</summary>
    public static string One(string row) => $"select row_to_json(v) from ({row}) v";

    /// <summary>All rows of a query, below <c>items</c>.</summary>
    public static string Items(string rows) => One($"select {Array(rows)} as items");

    public static string Decimal(string value) => $"trim_scale({value})::text";

    public static string Time(string value) => $"to_char({value} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')";

    /// <summary>
    /// The financial period that the key part <c>period</c> names, of <c>k</c>'s tenant: a row of <c>erp.periods</c>, or none.
    /// </summary>
    public const string Period = """
        select * from erp.periods p where p.tenant_id = k.tenant_id and case k.period
            when 'current' then k.today between p.starts_on and p.ends_on
            when 'previous' then p.starts_on = (select max(q.starts_on) from erp.periods q where q.tenant_id = k.tenant_id and q.ends_on < k.today)
            else p.code = k.period end
        """;

    /// <summary>A page of rows, by the parts <c>page</c> and <c>limit</c>, with the count of all rows; null after the last page.</summary>
    /// <param name="columns">Columns of an item, from row <c>x</c>.</param>
    /// <param name="from">Tables and condition; the item's table has the alias <c>x</c>.</param>
    /// <param name="order">Order of the rows.</param>
    public static string Page(string columns, string from, string order) =>
        One(
            $"""
            select k.page::int as page, k."limit"::int as "limit", c.total, i.items
            from (select count(*) as total from {from}) c,
                lateral (select {Array(
                $"select {columns} from {from} order by {order} limit k.\"limit\"::int offset (k.page::int - 1) * k.\"limit\"::int"
            )} as items) i
            where k.page::int = 1 or (k.page::int - 1) * k."limit"::int < c.total
            """
        );

    /// <summary>The warmed pages in the form of <see cref="Page"/>, all in one scan.</summary>
    /// <param name="columns">Columns of an item, from row <c>x</c>.</param>
    /// <param name="from">Tables and condition over the row <c>t</c>.</param>
    /// <param name="order">Order of the rows.</param>
    /// <param name="most">Largest number of rows that are warmed.</param>
    public static string AllPages(string columns, string from, string order, int most) =>
        $"""
            select row_to_json(v) as value, v.page::text as page, v."limit"::text as "limit" from (
                select (n.number - 1) / {CacheKeyPart.PageSize} + 1 as page, {CacheKeyPart.PageSize} as "limit", max(n.total) as total, array_to_json(array_agg(n.item order by n.number)) as items
                from (select row_number() over (order by {order}) as number, count(*) over () as total, row_to_json(r) as item from (select x.* from {from}) x cross join lateral (select {columns}) r) n
                where n.number <= {most} group by 1) v
            """;
}
