using System.Buffers;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Metadata;
using Overnight.Core.Caching;

namespace Overnight.Api.Reference;

/// <summary>Stored JSON as it is, with where it came from: <c>{"fromCache":..,"asOf":"..","data":..}</c>. Nothing is parsed.</summary>
internal sealed class ReferenceAnswer(StoredEntry entry, EntrySource source) : IResult, IEndpointMetadataProvider
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

/// <summary>What the description of the API says of an answer.</summary>
/// <param name="FromCache">Whether a cache gave it, else PostgreSQL.</param>
/// <param name="AsOf">When PostgreSQL was asked, UTC.</param>
/// <param name="Data">By entity; lists have <c>items</c>, and pages also <c>page</c>, <c>limit</c> and <c>total</c>. Decimals are
/// strings.</param>
internal sealed record ReferenceDocument(bool FromCache, DateTimeOffset AsOf, JsonElement Data);
