using System.Buffers.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Overnight.Api.Paging;

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
