using System.Text.Encodings.Web;
using System.Text.Json;

namespace Overnight.Core.Json;

/// <summary>Text that is put into JSON.</summary>
public static class JsonEscaping
{
    /// <summary>Escapes a text as the inside of a JSON string, in the way <see cref="JsonEncodedText"/> does.</summary>
    /// <param name="utf8">Valid UTF-8.</param>
    public static byte[] Escape(ReadOnlySpan<byte> utf8) =>
        JavaScriptEncoder.Default.FindFirstCharacterToEncodeUtf8(utf8) < 0
            ? utf8.ToArray()
            : JsonEncodedText.Encode(utf8).EncodedUtf8Bytes.ToArray();
}
