using System.Text.Json;
using Npgsql;
using Overnight.Api.Paging;
using Overnight.Core.Actions;
using Overnight.Core.Data;
using Overnight.Core.Json;

namespace Overnight.Api.Admin;

/// <summary>An entry of the action log.</summary>
/// <param name="Number">Ascending in the order of writing.</param>
/// <param name="Action">What was done, such as <c>run</c> or <c>sign-in</c>.</param>
/// <param name="Outcome">How it ended, such as <c>started</c> or <c>wrong</c>.</param>
/// <param name="Actor">nobody, user, admin, admin-key, or command.</param>
/// <param name="ActorRef">Reference that stands for the person who did it; null when it was no person.</param>
/// <param name="ActorId">The user behind it; null once the reference was deleted.</param>
/// <param name="SubjectRef">Reference of the user it was done to.</param>
/// <param name="SubjectId">The user behind that; null once the reference was deleted.</param>
/// <param name="Target">What it was done to: id of a run, key of a flag, beginning of a session's id.</param>
internal sealed record ActionItem(
    long Number,
    DateTimeOffset At,
    string Action,
    string Outcome,
    string Actor,
    Guid? ActorRef,
    Guid? ActorId,
    Guid? SubjectRef,
    Guid? SubjectId,
    string? Target,
    JsonElement? Detail
);

/// <summary>A place in the action log, latest first.</summary>
internal readonly record struct ActionCursor(long Number);

/// <summary>Which entries a client wants to see: of an action, and by or about a user; all where left out.</summary>
internal readonly record struct ActionFilter(string? Action, Guid? User)
{
    public static ActionFilter Read(string? action, string? user, QueryErrors errors) =>
        new(errors.OneOf("action", action, [.. LoggedActions.Names]), errors.Id("user", user));
}

/// <summary>Reads the action log, latest first.</summary>
internal sealed class ActionLogList(NpgsqlDataSource database)
{
    /// <param name="where">Further conditions on <c>l</c>, each with a leading <c>and</c>.</param>
    private static string Query(string where) =>
        $"""
            select l.number, l.at, l.action, l.outcome, l.actor, l.actor_ref, a.user_id, l.subject_ref, s.user_id, l.target, l.detail::text
            from action_log l left join person_refs a on a.id = l.actor_ref left join person_refs s on s.id = l.subject_ref
            where l.number < $1 {where} order by l.number desc limit $2
            """;

    private const string AndAction = "{action}";

    // Both halves are read by an index in the order of numbers, and stop at the limit. $3 is the user.
    private static readonly string OfUser = $"""
        and l.number in (
            (select number from action_log where actor_ref = {PersonRefs.Of(
            "$3"
        )} and number < $1 {AndAction} order by number desc limit $2)
            union
            (select number from action_log where subject_ref = {PersonRefs.Of(
            "$3"
        )} and number < $1 {AndAction} order by number desc limit $2))
        """;

    /// <returns>Up to one more than the page asks for.</returns>
    public async Task<List<ActionItem>> ReadAsync(ActionFilter filter, PageQuery<ActionCursor> page, CancellationToken ct)
    {
        await using var command = Command(database, filter, page);
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<ActionItem> items = [];
        while (await reader.ReadAsync(ct))
            items.Add(Read(reader));
        return items;
    }

    internal static NpgsqlCommand Command(NpgsqlDataSource database, ActionFilter filter, PageQuery<ActionCursor> page)
    {
        List<object?> values = [page.After?.Number ?? long.MaxValue, page.Limit + 1];
        var where = "";
        if (filter.User is { } user)
        {
            values.Add(user);
            where = OfUser.Replace(AndAction, filter.Action is null ? "" : "and action = $4", StringComparison.Ordinal);
        }
        else if (filter.Action is not null)
        {
            where = "and l.action = $3";
        }
        if (filter.Action is not null)
            values.Add(filter.Action);
        return database.Command(Query(where), values.ToArray());
    }

    private static ActionItem Read(NpgsqlDataReader reader) =>
        new(
            reader.GetInt64(0),
            reader.GetFieldValue<DateTimeOffset>(1),
            reader.GetString(2),
            reader.GetString(3),
            reader.GetString(4),
            Id(reader, 5),
            Id(reader, 6),
            Id(reader, 7),
            Id(reader, 8),
            reader.IsDBNull(9) ? null : reader.GetString(9),
            reader.IsDBNull(10) ? null : JsonElement.Parse(JsonSurrogates.Repair(reader.GetString(10)))
        );

    private static Guid? Id(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetGuid(column);
}
