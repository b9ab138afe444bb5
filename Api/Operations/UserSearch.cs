using Npgsql;
using NpgsqlTypes;
using Overnight.Api.Paging;
using Overnight.Core.Data;

namespace Overnight.Api.Operations;

/// <summary>A user as administrators see one.</summary>
/// <param name="Role">user or admin.</param>
/// <param name="Markets">Codes of the markets that the user configured.</param>
internal sealed record UserItem(
    Guid Id,
    string Email,
    string DisplayName,
    string Role,
    Guid? TenantId,
    string BaseCurrency,
    IReadOnlyList<string> Markets,
    DateTimeOffset CreatedAt,
    DateTimeOffset? BannedAt
);

/// <summary>A place in the list of users, by e-mail address.</summary>
internal readonly record struct UserEmailCursor(string Email) : ICheckedCursor
{
    public bool IsValid => Email is { Length: <= 254 } && !Email.Any(char.IsControl);
}

/// <summary>Finds users that were not deleted.</summary>
internal sealed class UserSearch(NpgsqlDataSource database)
{
    /// <summary>Characters of an address to search for; the longest address has 254.</summary>
    private const int MostCharacters = 254;

    private const string Columns = """
        u.id, u.email, u.display_name, u.role, u.tenant_id, u.base_currency,
        array(select m.market from user_markets m where m.user_id = u.id order by m.market), u.created_at, u.banned_at
        """;

    // Both bounds are ends of the index's range: no character is above U+10FFFF.
    private const string Query = $"""
        select {Columns} from users u where u.deleted_at is null and u.email collate "C" >= $1 and u.email collate "C" <= $1 || U&'\+10FFFF'
            and u.email collate "C" > $2 and ($3::boolean is null or (u.banned_at is not null) = $3)
        order by u.email collate "C" limit $4
        """;

    /// <summary>The beginning of an address to search for, in lower case as addresses are stored.</summary>
    public static string Beginning(string? query, QueryErrors errors)
    {
        var text = (query ?? "").Trim();
        if (text.Length <= MostCharacters && !text.Any(char.IsControl))
            return text.ToLowerInvariant();
        // An error answer carries nobody's e-mail address, so it names the length alone.
        errors.Add(
            "query",
            $"must be the beginning of an e-mail address, at most {MostCharacters} characters, none of them a control character; it has {text.Length}"
        );
        return "";
    }

    /// <summary>Whether to show only users that are banned, or that are not; null for both.</summary>
    public static bool? Banned(string? banned, QueryErrors errors) =>
        errors.OneOf("banned", banned, "true", "false") is { } given ? given == "true" : null;

    /// <param name="beginning">Of the e-mail address, in lower case; empty for all.</param>
    /// <param name="isBanned">Only users that are banned, or that are not; null for both.</param>
    /// <returns>Up to one more than the page asks for.</returns>
    public async Task<List<UserItem>> FindAsync(string beginning, bool? isBanned, PageQuery<UserEmailCursor> page, CancellationToken ct)
    {
        await using var command = database.Command(
            Query,
            beginning,
            page.After?.Email ?? "",
            new NpgsqlParameter { Value = (object?)isBanned ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Boolean },
            page.Limit + 1
        );
        return await ReadAsync(command, ct);
    }

    /// <returns>Null when there is no such user.</returns>
    public async Task<UserItem?> FindAsync(Guid id, CancellationToken ct)
    {
        await using var command = database.Command($"select {Columns} from users u where u.id = $1 and u.deleted_at is null", id);
        return (await ReadAsync(command, ct)).SingleOrDefault();
    }

    private static async Task<List<UserItem>> ReadAsync(NpgsqlCommand command, CancellationToken ct)
    {
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<UserItem> users = [];
        while (await reader.ReadAsync(ct))
        {
            users.Add(
                new(
                    reader.GetGuid(0),
                    reader.GetString(1),
                    reader.GetString(2),
                    reader.GetString(3),
                    await reader.IsDBNullAsync(4, ct) ? null : reader.GetGuid(4),
                    reader.GetString(5),
                    reader.GetFieldValue<string[]>(6),
                    reader.GetFieldValue<DateTimeOffset>(7),
                    await reader.IsDBNullAsync(8, ct) ? null : reader.GetFieldValue<DateTimeOffset>(8)
                )
            );
        }
        return users;
    }
}
