using System.Buffers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Overnight.Benchmarks.Dashboard;
using Overnight.Core.Sessions;
using StackExchange.Redis;

[assembly: HostingStartup(typeof(RivalAnswer))]

namespace Overnight.Benchmarks.Dashboard;

/// <summary>
/// Brought into the Api's process as <see cref="ConstantAnswer"/> is: the same requests answered over the same server by each
/// <see cref="ICacheRival"/>, without the dashboard's policies and its judgement of freshness.
/// </summary>
internal sealed class RivalAnswer : IHostingStartup, IStartupFilter
{
    public const string ClientPath = "/rival/client",
        FusionCachePath = "/rival/fusioncache";

    /// <summary>Variable with the connection string of the rivals, who may do everything.</summary>
    public const string CacheVariable = "OVERNIGHT_BENCHMARK_CACHE";

    private const string Bearer = "Bearer ";

    private static ReadOnlySpan<byte> Head => "{\"data\":{\"fromCache\":true,"u8;

    public void Configure(IWebHostBuilder builder)
    {
        if (Environment.GetEnvironmentVariable(CacheVariable) is { Length: > 0 })
            builder.ConfigureServices(services => services.AddSingleton<IStartupFilter>(this));
    }

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) =>
        app =>
        {
            var cache = ConnectionMultiplexer.Connect(Environment.GetEnvironmentVariable(CacheVariable)!);
            ClientRival client = new(cache.GetDatabase());
            FusionCacheRival fusion = new(cache);
            app.Use(
                (context, rest) =>
                    context.Request.Path.Value switch
                    {
                        ClientPath => AnswerAsync(context, client),
                        FusionCachePath => AnswerAsync(context, fusion),
                        _ => rest(context),
                    }
            );
            next(app);
        };

    private static async Task AnswerAsync(HttpContext context, ICacheRival rival)
    {
        var token = context.Request.Headers.Authorization.ToString();
        if (
            !token.StartsWith(Bearer, StringComparison.Ordinal)
            || !SessionToken.TryHash(token[Bearer.Length..], out var hash)
            || await rival.ReadAsync(hash) is not { } entry
        )
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }
        var response = context.Response;
        response.ContentType = "application/json; charset=utf-8";
        response.ContentLength = Head.Length + entry.Length;
        response.Headers.CacheControl = "private, no-store";
        response.BodyWriter.Write(Head);
        response.BodyWriter.Write(entry.AsSpan(1));
        response.BodyWriter.Write("}"u8);
        await response.BodyWriter.FlushAsync(context.RequestAborted);
    }
}
