using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Configuration;
using Microsoft.EntityFrameworkCore;
using Npgsql;
namespace Microsoft.Extensions.Hosting;
internal sealed class S { public bool DisableRetry { get; set; } }
internal static class Standin
{
    public static void AddServiceDefaults(this IHostApplicationBuilder b) { _ = b; }
    public static void AddRedisClient(this IHostApplicationBuilder b, string name) { _ = b; _ = name; }
    public static void AddNpgsqlDataSource(this IHostApplicationBuilder b, string name) =>
        b.Services.AddSingleton(NpgsqlDataSource.Create(b.Configuration.GetConnectionString(name)!));
    public static void AddNpgsqlDbContext<T>(this IHostApplicationBuilder b, string name, Action<S> s) where T : DbContext
    { s(new()); b.Services.AddDbContext<T>(o => o.UseNpgsql(b.Configuration.GetConnectionString(name))); }
}
