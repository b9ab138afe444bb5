using System.Text.Json;

namespace Overnight.Core.Json;

/// <summary>Finds names that a JSON object has twice. Parsers differ in which of the two they use, so both are refused.</summary>
public static class JsonDuplicates
{
    /// <summary>What is wrong, as it follows the path.</summary>
    public const string Twice = "must be given once";

    /// <param name="value">A value whose names are valid Unicode.</param>
    /// <param name="path">The path of the value; empty for the root.</param>
    /// <returns>The path of the first name that an object within the value has twice; null when there is none.</returns>
    public static string? PathIn(JsonElement value, string path = "")
    {
        if (value.ValueKind == JsonValueKind.Array)
            return value.EnumerateArray().Select((item, at) => PathIn(item, $"{path}[{at}]")).FirstOrDefault(found => found is not null);
        if (value.ValueKind != JsonValueKind.Object)
            return null;
        HashSet<string> names = new(StringComparer.Ordinal);
        return value
            .EnumerateObject()
            .Select(field => names.Add(field.Name) ? PathIn(field.Value, Join(path, field.Name)) : Join(path, field.Name))
            .FirstOrDefault(found => found is not null);
    }

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";
}
