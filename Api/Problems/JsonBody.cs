using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;
using Overnight.Core.Json;

namespace Overnight.Api.Problems;

/// <summary>
/// Reads a JSON object from a request's body field by field, so that an error names the field and its value; the framework's own
/// reader says only that the body is not valid.
/// </summary>
internal static class JsonBody
{
    /// <param name="mostBytes">A longer body is an error, and is not read.</param>
    /// <param name="fields">The known fields, for the error message about a body that is no object.</param>
    /// <param name="take">Puts a field into the request, or its error into the errors.</param>
    /// <returns>The request as far as it could be read; unchanged when there is no body.</returns>
    public static async Task<(T Request, Dictionary<string, string[]> Errors)> ReadAsync<T>(
        Stream body,
        int mostBytes,
        string fields,
        T request,
        Func<T, JsonProperty, Dictionary<string, string[]>, T> take,
        CancellationToken ct
    )
    {
        Dictionary<string, string[]> errors = new(StringComparer.Ordinal);
        HashSet<string> names = new(StringComparer.Ordinal);
        var bytes = new byte[mostBytes + 1];
        var length = await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, ct);
        if (length == 0)
            return (request, errors);
        if (length > mostBytes)
        {
            errors["body"] = [$"must be at most {mostBytes} bytes"];
            return (request, errors);
        }
        if (!Utf8.IsValid(bytes.AsSpan(0, length)))
        {
            errors["body"] = ["must be JSON in UTF-8"];
            return (request, errors);
        }
        try
        {
            using var document = JsonDocument.Parse(bytes.AsMemory(0, length));
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                errors["body"] = [$"must be an object with {fields}, each of which may be left out"];
            else
                foreach (var field in document.RootElement.EnumerateObject())
                {
                    if (!names.Add(field.Name))
                        errors[field.Name] = [JsonDuplicates.Twice];
                    else if (!JsonSurrogates.IsUnicode(JsonMarshal.GetRawUtf8Value(field.Value)))
                        errors[field.Name] = [JsonSurrogates.HalfPair];
                    else if (JsonDuplicates.PathIn(field.Value, field.Name) is { } duplicate)
                        errors[duplicate] = [JsonDuplicates.Twice];
                    else
                        request = take(request, field, errors);
                }
        }
        catch (JsonException exception)
        {
            // The body is not JSON; the parser's message says where.
            errors["body"] = [$"must be JSON: {JsonErrors.Describe(exception)}"];
        }
        catch (InvalidOperationException)
        {
            // A field's name has an escape that is no character, which the parser reports only when the name is read.
            errors["body"] = [$"must be an object whose names are Unicode: each {JsonSurrogates.HalfPair}"];
        }
        return (request, errors);
    }
}
