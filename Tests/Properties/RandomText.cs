using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Overnight.Tests.Properties;

/// <summary>Text that a column takes: of every script, of both lengths, with what JSON, SQL and HTML escape.</summary>
internal static class RandomText
{
    private static readonly string[] Alphabets =
    [
        "abcdefghijklmnopqrstuvwxyz ABCDEF 0123456789",
        "\"\\/\b\f\n\r\t'<>&`$%{}[]\u0001\u001f\u007f",
        "éüßøñçİıſΩжשؤ漢字かな한글",
        "\u200e\u202e\u2028\u2029\ufeff\ufffd\ufffe\uffff\u0301\u0085",
    ];

    private static readonly string[] Astral = ["\U0001F600", "\U0001F468\u200D\U0001F469", "\U00010348", "\U0010FFFF"];

    /// <param name="most">Characters as PostgreSQL counts them.</param>
    public static string Of(Random random, int most)
    {
        var length = random.Next(4) switch
        {
            0 => 1,
            1 => most,
            _ => random.Next(1, most + 1),
        };
        StringBuilder text = new();
        for (var i = 0; i < length; )
        {
            if (random.Next(8) == 0)
            {
                var whole = Astral[random.Next(Astral.Length)];
                var runes = whole.EnumerateRunes().Count();
                if (i + runes <= length)
                {
                    text.Append(whole);
                    i += runes;
                    continue;
                }
            }
            var alphabet = Alphabets[random.Next(Alphabets.Length)];
            text.Append(alphabet[random.Next(alphabet.Length)]);
            i++;
        }
        return text.ToString();
    }

    /// <summary>The same as a JSON string, in one of the ways that clients write it.</summary>
    public static string Json(Random random, string text) =>
        random.Next(3) switch
        {
            0 => JsonSerializer.Serialize(text, Relaxed),
            1 => $"\"{string.Concat(text.Select(c => $"\\u{(int)c:x4}"))}\"",
            _ => JsonSerializer.Serialize(text),
        };

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
