using System.Buffers.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Overnight.Api.Audit;

/// <summary>
/// A place in a list, the key of an item, as clients see it, opaque: base64url of its JSON. One of another list is refused, for its
/// members have other names.
/// </summary>
internal static class Cursor
{
    private static readonly JsonSerializerOptions Strict = new()
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
    };

    public static string Encode<TCursor>(TCursor cursor)
        where TCursor : struct => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(cursor, Strict));

    /// <returns>False for anything that <see cref="Encode"/> did not write.</returns>
    public static bool TryDecode<TCursor>(string text, out TCursor cursor)
        where TCursor : struct
    {
        cursor = default;
        try
        {
            cursor = JsonSerializer.Deserialize<TCursor>(Base64Url.DecodeFromChars(text), Strict);
            return Encode(cursor) == text && cursor is not ICheckedCursor { IsValid: false };
        }
        catch (Exception exception) when (exception is FormatException or JsonException)
        {
            return false;
        }
    }
}

/// <summary>A cursor whose members' types take more than the list's key does.</summary>
internal interface ICheckedCursor
{
    [JsonIgnore]
    bool IsValid { get; }
}

/// <summary>Among runs, latest first, by the number that the database gave each.</summary>
internal readonly record struct RunCursor(long Number);

/// <summary>Among the users of one run, by id.</summary>
internal readonly record struct UserCursor(Guid User);

/// <summary>Among the nights of one user, newest first.</summary>
internal readonly record struct UserRunCursor(DateOnly BusinessDate, long RunNumber);

/// <summary>Among the calculations with one asset, newest night first, then batch and user from the highest.</summary>
internal readonly record struct PostingCursor(DateOnly BusinessDate, long RunNumber, int Batch, Guid User);
