using System.Buffers;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Metadata;
using Overnight.Core.Caching;

namespace Overnight.Api.Reference;

/// <summary>Stored JSON with its source and time: <c>{"fromCache":..,"asOf":"..","data":..}</c>. Nothing is parsed.</summary>
internal sealed class ReferenceHttpResult(CacheEntry entry, EntrySource source) : IResult, IEndpointMetadataProvider
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        var value = entry.Value;
        var head = Encoding.ASCII.GetBytes(
            $"{{\"fromCache\":{(source == EntrySource.Database ? "false" : "true")},\"asOf\":\"{entry.AsOf.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ}\",\"data\":"
        );
        response.ContentType = "application/json; charset=utf-8";
        response.ContentLength = head.Length + value.Length + 1;
        var body = response.BodyWriter;
        body.Write(head);
        body.Write(value.Span);
        body.Write("}"u8);
        return body.FlushAsync(httpContext.RequestAborted).AsTask();
    }

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(ReferenceDocument), ["application/json"]));
}

/// <summary>The shape of the answer, for the OpenAPI document.</summary>
/// <param name="FromCache">Whether it comes from a cache rather than from PostgreSQL.</param>
/// <param name="AsOf">When it was read from PostgreSQL, UTC.</param>
/// <param name="Data">By entity; lists have <c>items</c>, and pages also <c>page</c>, <c>limit</c> and <c>total</c>. Decimals are
/// strings.</param>
internal sealed record ReferenceDocument(bool FromCache, DateTimeOffset AsOf, JsonElement Data);
