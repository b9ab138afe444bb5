using Npgsql;

namespace Overnight.Tests.Actions;

/// <summary>A row of the action log, with the users behind its references.</summary>
internal sealed record LoggedRow(string Action, string Outcome, string Actor, Guid? By, Guid? Subject, string? Target, string? Detail);

/// <summary>What the action log has, as rows.</summary>
internal static class LoggedRows
{
    /// <summary>In the order in which they were written.</summary>
    public static async Task<List<LoggedRow>> ActionsAsync(this NpgsqlDataSource database)
    {
        await using var command = database.CreateCommand(
            """
            select l.action, l.outcome, l.actor, a.user_id, s.user_id, l.target, l.detail::text from action_log l
            left join person_refs a on a.id = l.actor_ref left join person_refs s on s.id = l.subject_ref order by l.number
            """
        );
        await using var reader = await command.ExecuteReaderAsync();
        List<LoggedRow> rows = [];
        while (await reader.ReadAsync())
            rows.Add(new(reader.GetString(0), reader.GetString(1), reader.GetString(2), Id(3), Id(4), Text(5), Text(6)));
        return rows;

        Guid? Id(int column) => reader.IsDBNull(column) ? null : reader.GetGuid(column);
        string? Text(int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
    }
}
