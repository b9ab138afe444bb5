using System.Text;
using System.Text.Json;
using Overnight.Core.Json;

namespace Overnight.Tests.Input;

/// <summary>SPEC B3: text is Unicode wherever it comes from.</summary>
public sealed class JsonSurrogatesTests
{
    [Theory]
    [InlineData("""["\ud83d\ude00","\\ud83d","a","\u0041\u00e9\n"]""", null, null)]
    [InlineData("""["a","\ud83d"]""", "[1]", """["a","\ufffd"]""")]
    [InlineData("""{"a":{"b":[{},[1,"\udE00\ud83d\ude00"]]}}""", "a.b[1][1]", """{"a":{"b":[{},[1,"\ufffd\ud83d\ude00"]]}}""")]
    [InlineData("""{"x":[],"k\ud83d":"\ud83d\ud83d\ude00\ude00"}""", """k\ud83d""", """{"x":[],"k\ufffd":"\ufffd\ud83d\ude00\ufffd"}""")]
    [InlineData("""["\\\ud83d\\ude00"]""", "[0]", """["\\\ufffd\\ude00"]""")]
    [InlineData("""["\ud83d\u0041"]""", "[0]", """["\ufffd\u0041"]""")]
    public void HalfOfASurrogatePair_IsFoundAndReplaced(string json, string? path, string? repaired)
    {
        var bytes = Encoding.UTF8.GetBytes(json);

        Assert.Equal(path is null, JsonSurrogates.IsUnicode(bytes));
        Assert.Equal(path, JsonSurrogates.PathOfHalfPair(bytes));
        Assert.Equal(repaired ?? json, JsonSurrogates.Repair(json));
        Assert.Equal(repaired ?? json, Encoding.UTF8.GetString(JsonSurrogates.Repair(bytes)));
        // Every text of it can be read and written again.
        _ = JsonSerializer.Serialize(JsonElement.Parse(JsonSurrogates.Repair(bytes)));
    }

    [Theory]
    [InlineData("Growth & income")]
    [InlineData("Plain")]
    [InlineData("\"\\/\u0000\u001f<é\U0001F600")]
    public void Escape_OfAnyText_IsWhatTheSerializerWrites(string text) =>
        Assert.Equal(JsonEncodedText.Encode(text).EncodedUtf8Bytes.ToArray(), JsonEscaping.Escape(Encoding.UTF8.GetBytes(text)));

    [Theory]
    [InlineData("{\"a\":}", ", line 1, byte 6")]
    [InlineData("[1,\n 2", ", line 2, byte 3")]
    public void Fault_OfTheParser_CountsLinesAndBytesFromOne(string json, string end)
    {
        var fault = JsonErrors.Describe(Assert.ThrowsAny<JsonException>(() => JsonDocument.Parse(json)));

        Assert.EndsWith(end, fault, StringComparison.Ordinal);
        Assert.DoesNotContain("LineNumber", fault, StringComparison.Ordinal);
    }
}
