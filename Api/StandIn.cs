// Until ServiceDefaults has them.
using Microsoft.EntityFrameworkCore;
using Npgsql;
using StackExchange.Redis;

namespace Overnight.Api;

internal sealed class StandInSettings { public bool DisableRetry { get; set; } }

internal static class StandIn
{
    public static void AddServiceDefaults(this WebApplicationBuilder b) => b.Services.AddHealthChecks();
    public static void MapDefaultEndpoints(this WebApplication app) { app.MapHealthChecks("/health"); app.MapHealthChecks("/alive"); }
    public static void AddNpgsqlDataSource(this WebApplicationBuilder b, string name) => b.Services.AddSingleton(_ => NpgsqlDataSource.Create(b.Configuration.GetConnectionString(name)!));
    public static void AddNpgsqlDbContext<T>(this WebApplicationBuilder b, string name, Action<StandInSettings> s) where T : DbContext
    { s(new()); b.Services.AddDbContextPool<T>(o => o.UseNpgsql(b.Configuration.GetConnectionString(name))); }
    public static void AddRedisClient(this WebApplicationBuilder b, string name) => b.Services.AddSingleton<IConnectionMultiplexer>(_ =>
    {
        var o = ConfigurationOptions.Parse(b.Configuration.GetConnectionString(name)!);
        o.AbortOnConnectFail = false; o.ConnectTimeout = 1000;
        var m = ConnectionMultiplexer.Connect(o); m.PreserveAsyncOrder = false; return m;
    });
}
