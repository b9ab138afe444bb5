using System.Buffers;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Metadata;
using Overnight.Core.Caching;

namespace Overnight.Api.Flags;

/// <summary>A flag's stored JSON with its source and age appended.</summary>
internal sealed class FlagHttpResult(CacheEntry entry, EntrySource source, DateTimeOffset now) : IResult, IEndpointMetadataProvider
{
    private static readonly string[] Sources = ["memory", "cache", "database", "last-known"];

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var (flag, asOf) = (entry.Value, entry.AsOf);
        // The time may be ahead of this node's clock, since the clocks of nodes differ a little.
        var age = now > asOf ? now - asOf : TimeSpan.Zero;
        var tail = Encoding.ASCII.GetBytes(
            $",\"source\":\"{Sources[(int)source]}\",\"asOf\":\"{asOf.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ}\",\"age\":{(long)age.TotalMilliseconds},\"stale\":{(source == EntrySource.Stale ? "true" : "false")}}}"
        );
        var response = httpContext.Response;
        response.ContentType = "application/json; charset=utf-8";
        response.ContentLength = flag.Length - 1 + tail.Length;
        response.Headers.Age = ((long)age.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        response.BodyWriter.Write(flag.Span[..^1]);
        response.BodyWriter.Write(tail);
        return response.BodyWriter.FlushAsync(httpContext.RequestAborted).AsTask();
    }

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(FlagDocument), ["application/json"]));
}

/// <summary>The shape of the answer, for the OpenAPI document.</summary>
/// <param name="Source">memory, cache, database, or last-known while none of them answers.</param>
/// <param name="AsOf">When the value was read from the database.</param>
/// <param name="Age">Milliseconds since then; the header Age has it in seconds.</param>
/// <param name="Stale">Whether it is the last value that this node knew, served because no store answers.</param>
internal sealed record FlagDocument(
    string Key,
    bool Enabled,
    JsonElement? Value,
    long Version,
    DateTimeOffset UpdatedAt,
    string Source,
    DateTimeOffset AsOf,
    long Age,
    bool Stale
);
