using System.Text;
using System.Text.Json;

namespace Overnight.Core.Proof;

/// <summary>Names the field at a place in JSON, as <c>recommendations[2].amount</c>.</summary>
internal static class JsonFieldPath
{
    /// <param name="json">Well-formed.</param>
    public static string Of(byte[] json, int offset)
    {
        Utf8JsonReader reader = new(json);
        // A name, or the index in an array, for each level that is open.
        List<(string? Name, int Index)> open = [];
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    open[^1] = (reader.GetString(), -1);
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    open.RemoveAt(open.Count - 1);
                    break;
                default:
                    if (open is [.., { Name: null } last])
                        open[^1] = (null, last.Index + 1);
                    break;
            }
            if (reader.BytesConsumed > offset)
                return Text(open);
            if (reader.TokenType == JsonTokenType.StartObject)
                open.Add(("", -1));
            else if (reader.TokenType == JsonTokenType.StartArray)
                open.Add((null, -1));
        }
        return "the end";
    }

    private static string Text(List<(string? Name, int Index)> open)
    {
        StringBuilder path = new();
        foreach (var (name, index) in open)
        {
            if (name is null)
                path.Append('[').Append(index).Append(']');
            else
                path.Append(path.Length == 0 ? "" : ".").Append(name);
        }
        return path.Length == 0 ? "the whole" : path.ToString();
    }
}
