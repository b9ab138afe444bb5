using Npgsql;

namespace Overnight.Core.Doctor;

/// <summary>
/// Finds the rows that violate a check constraint. A migration adds a constraint without refusing the existing rows; while any row
/// violates it, it stays unvalidated.
/// </summary>
internal static class UnvalidatedConstraints
{
    // Per constraint: the table, its name, its condition, and the primary key and checked columns.
    private const string Constraints = """
        select c.conrelid::regclass::text, quote_ident(c.conname), pg_get_expr(c.conbin, c.conrelid),
            array(select quote_ident(a.attname) from pg_attribute a
                where a.attrelid = c.conrelid and (a.attnum = any (c.conkey) or a.attnum = any (p.conkey)) order by a.attnum)
        from pg_constraint c left join pg_constraint p on p.conrelid = c.conrelid and p.contype = 'p'
        where c.contype = 'c' and not c.convalidated and c.connamespace = current_schema()::regnamespace order by 1, 2
        """;

    /// <summary>Characters of a value that are shown.</summary>
    private const int MostShown = 60;

    private sealed record Constraint(string Table, string Name, string Check, string[] Columns);

    /// <param name="named">Rows of a constraint that are named; null to name the constraints alone.</param>
    public static async Task<List<Finding>> FindAsync(NpgsqlConnection connection, int? named, CancellationToken ct)
    {
        List<Finding> findings = [];
        foreach (var constraint in await ConstraintsAsync(connection, ct))
        {
            var validate = $"alter table {constraint.Table} validate constraint {constraint.Name}";
            if (named is not { } most)
            {
                findings.Add(
                    new(
                        $"Rows of {constraint.Table} may violate {constraint.Name} ({constraint.Check}).",
                        null,
                        $"jobs doctor names them. Once they are corrected: {validate}"
                    )
                );
                continue;
            }
            var rows = await RowsAsync(connection, constraint, most + 1, ct);
            findings.AddRange(
                rows.Take(most)
                    .Select(row => new Finding(
                        $"A row of {constraint.Table} violates {constraint.Name} ({constraint.Check}): {row}.",
                        null,
                        $"Correct the row: code that reads it fails or gives wrong results. Then: {validate}"
                    ))
            );
            if (rows.Count > most)
                findings.Add(
                    new($"More rows of {constraint.Table} violate {constraint.Name}.", null, "Correct these, then run doctor again.")
                );
            else if (rows.Count == 0)
                findings.Add(new($"No row of {constraint.Table} violates {constraint.Name} any more.", null, validate));
        }
        return findings;
    }

    private static async Task<List<Constraint>> ConstraintsAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using NpgsqlCommand command = new(Constraints, connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<Constraint> constraints = [];
        while (await reader.ReadAsync(ct))
            constraints.Add(new(reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetFieldValue<string[]>(3)));
        return constraints;
    }

    private static async Task<List<string>> RowsAsync(NpgsqlConnection connection, Constraint constraint, int limit, CancellationToken ct)
    {
        // Names from the catalogue, quoted by PostgreSQL.
        var shown = string.Join(
            " || ', ' || ",
            constraint.Columns.Select(c => $"'{c} ' || coalesce(left({c}::text, {MostShown}), 'null')")
        );
        await using NpgsqlCommand command = new(
            $"select {shown} from {constraint.Table} where not ({constraint.Check}) limit {limit}",
            connection
        );
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<string> rows = [];
        while (await reader.ReadAsync(ct))
            rows.Add(reader.GetString(0));
        return rows;
    }
}
