using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Overnight.Api.Sessions;
using Overnight.Core;

namespace Overnight.Api.Protection;

/// <summary>Applies <see cref="LimitOptions"/>, so that no client and no route starves the others.</summary>
internal static class LimitSetup
{
    /// <summary>Seconds, in Retry-After, while a route is busy.</summary>
    public const string BusyRetryAfter = "1";

    public static void AddLimits(this WebApplicationBuilder builder)
    {
        builder.Services.AddSection<LimitOptions>(LimitOptions.Section);
        builder
            .Services.AddOptions<KestrelServerOptions>()
            .Configure<IOptions<LimitOptions>>(static (kestrel, limits) => Apply(kestrel, limits.Value));
        builder.Services.AddRequestTimeouts();
        builder
            .Services.AddOptions<RequestTimeoutOptions>()
            .Configure<IOptions<LimitOptions>>(
                static (timeouts, limits) =>
                    timeouts.DefaultPolicy = new() { Timeout = limits.Value.RequestTimeout, WriteTimeoutResponse = WriteTimeoutAsync }
            );
        builder.Services.AddRateLimiter(static _ => { });
        builder
            .Services.AddOptions<RateLimiterOptions>()
            .Configure<IOptions<LimitOptions>>(static (limiter, limits) => Apply(limiter, limits.Value));
    }

    private static void Apply(KestrelServerOptions kestrel, LimitOptions limits)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = limits.MaxConcurrentConnections;
        kestrel.Limits.MaxRequestBodySize = limits.MaxRequestBodySize;
        kestrel.Limits.RequestHeadersTimeout = limits.RequestHeadersTimeout;
        kestrel.Limits.MinRequestBodyDataRate = new(limits.MinRequestBodyDataRate, limits.MinRequestBodyDataRateGracePeriod);
    }

    // Each route has its own limiter. Routes that must always answer, or that limit their work themselves, call DisableRateLimiting.
    private static void Apply(RateLimiterOptions limiter, LimitOptions limits)
    {
        ConcurrencyLimiterOptions turns = new() { PermitLimit = limits.RequestsPerRoute, QueueLimit = limits.QueuePerRoute };
        // During an outage these routes wait for the stores without using a connection, so more of their requests run at once.
        ConcurrencyLimiterOptions patient = new() { PermitLimit = limits.RequestsPerRoute + limits.QueuePerRoute };
        limiter.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(context =>
            context.GetEndpoint() is RouteEndpoint { DisplayName: { } route } endpoint
                ? RateLimitPartition.GetConcurrencyLimiter(route, _ =>
                    endpoint.Metadata.GetMetadata<AllowDuringOutage>() is null ? turns : patient
                )
                : RateLimitPartition.GetNoLimiter("")
        );
        limiter.RejectionStatusCode = StatusCodes.Status503ServiceUnavailable;
        limiter.OnRejected = static (rejected, _) => new(WriteBusyAsync(rejected.HttpContext));
    }

    private static Task WriteBusyAsync(HttpContext context)
    {
        context.Response.Headers.RetryAfter = BusyRetryAfter;
        return TypedResults
            .Problem(
                "Too many requests of this route are running and waiting. Try again in a second.",
                statusCode: StatusCodes.Status503ServiceUnavailable,
                title: "This route is busy"
            )
            .ExecuteAsync(context);
    }

    private static Task WriteTimeoutAsync(HttpContext context) =>
        TypedResults
            .Problem(
                "The answer took longer than Limits:RequestTimeout, so the request was cancelled.",
                statusCode: StatusCodes.Status504GatewayTimeout,
                title: "Not answered in time"
            )
            .ExecuteAsync(context);
}
