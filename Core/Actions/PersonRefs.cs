using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Data;

namespace Overnight.Core.Actions;

/// <summary>
/// References that stand for users in rows which outlive the user. Deleting a user's reference leaves such rows as they are, and without a
/// person.
/// </summary>
internal static class PersonRefs
{
    // A statement of its own: the next one then sees a reference that another transaction has added meanwhile. Ordered, so that two
    // transactions that add the same users can't deadlock. A user that is not there gets no reference.
    private const string Add = """
        insert into person_refs (id, user_id) select gen_random_uuid(), id from users where id = any ($1) order by id on conflict (user_id) do nothing
        """;

    /// <summary>The reference of the user in parameter <paramref name="parameter"/>, as an expression; null without one.</summary>
    public static string Of(string parameter) => $"(select id from person_refs where user_id = {parameter})";

    /// <summary>Adds the references that are missing. Send it before the statement that uses them.</summary>
    public static NpgsqlBatchCommand Ensure(params Guid?[] users) =>
        Statement.Of(
            Add,
            new NpgsqlParameter { Value = users.OfType<Guid>().Distinct().ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid }
        );

    public static NpgsqlParameter Parameter(Guid? user) =>
        new() { Value = (object?)user ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid };
}
