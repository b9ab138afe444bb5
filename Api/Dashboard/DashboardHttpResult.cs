using System.Buffers;
using System.Reflection;
using System.Text;
using Microsoft.AspNetCore.Http.Metadata;
using Overnight.Api.Protection;
using Overnight.Core.Caching;
using Overnight.Core.Market.Calendars;

namespace Overnight.Api.Dashboard;

/// <summary>
/// A stored entry inside the dashboard's envelope: <c>{"data":{"fromCache":..,"freshness":{..},</c>, the entry's bytes
/// without their first brace, and <c>}</c>. Nothing is parsed.
/// </summary>
internal sealed class DashboardHttpResult(byte[] entry, bool fromCache, DateTimeOffset now, IReadOnlyList<MarketCalendar> markets)
    : IResult,
        IEndpointMetadataProvider
{
    // In bytes: 140 of fixed text, three tokens of at most 40, a status of at most 11, and a reason of 130 with a market's code.
    internal const int LongestHead = 512;

    public Task ExecuteAsync(HttpContext httpContext)
    {
        CacheTelemetry.Answered(fromCache);
        var response = httpContext.Response;
        Span<byte> head = stackalloc byte[LongestHead];
        head = head[..WriteHead(head, entry, fromCache, now, markets)];

        response.ContentType = "application/json; charset=utf-8";
        response.ContentLength = head.Length + entry.Length;
        response.Headers.CacheControl = "private, no-store";
        response.Headers.XContentTypeOptions = ResponseHeaders.NoSniff;
        var body = response.BodyWriter;
        body.Write(head);
        body.Write(entry.AsSpan(1));
        body.Write("}"u8);
        // No cancellation token: the flush ends when the client disconnects, and RequestAborted would have to be allocated.
        var flush = body.FlushAsync(CancellationToken.None);
        return flush.IsCompletedSuccessfully ? Task.CompletedTask : flush.AsTask();
    }

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(DashboardDocument), ["application/json"]));

    internal static int WriteHead(
        Span<byte> head,
        ReadOnlySpan<byte> entry,
        bool fromCache,
        DateTimeOffset now,
        IReadOnlyList<MarketCalendar> markets
    )
    {
        ResultTimesScanner fields = new(entry);
        var (status, reason) = Freshness.Judge(fields.Times(), now, markets);
        var length = 0;
        Add(
            head,
            fromCache
                ? "{\"data\":{\"fromCache\":true,\"freshness\":{\"generatedAt\":"u8
                : "{\"data\":{\"fromCache\":false,\"freshness\":{\"generatedAt\":"u8
        );
        Add(head, fields.GeneratedAt);
        Add(head, ",\"pricesAsOf\":"u8);
        Add(head, fields.PricesAsOf);
        Add(head, ",\"ratesAsOf\":"u8);
        Add(head, fields.RatesAsOf);
        Add(head, ",\"status\":\""u8);
        length += Encoding.ASCII.GetBytes(status.Name(), head[length..]);
        Add(head, "\",\"reason\":\""u8);
        length += Encoding.ASCII.GetBytes(reason, head[length..]);
        Add(head, "\"},"u8);
        return length;

        void Add(Span<byte> to, ReadOnlySpan<byte> part)
        {
            part.CopyTo(to[length..]);
            length += part.Length;
        }
    }
}
