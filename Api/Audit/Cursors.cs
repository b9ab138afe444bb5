using System.Buffers.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Overnight.Api.Audit;

/// <summary>
/// A place in a list (the key of an item), opaque to clients: base64url of its JSON. A cursor of another list is refused, since its
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

/// <summary>A cursor whose types allow values that the list's key does not.</summary>
internal interface ICheckedCursor
{
    [JsonIgnore]
    bool IsValid { get; }
}

/// <summary>A place in the list of runs, latest first, by run number.</summary>
internal readonly record struct RunCursor(long Number);

/// <summary>A place among the users of one run, by id.</summary>
internal readonly record struct UserCursor(Guid User);

/// <summary>A place among the runs of one user, newest first.</summary>
internal readonly record struct UserRunCursor(DateOnly BusinessDate, long RunNumber);

/// <summary>A place among the calculations with one asset: newest run first, then batch and user from the highest.</summary>
internal readonly record struct PostingCursor(DateOnly BusinessDate, long RunNumber, int Batch, Guid User);
