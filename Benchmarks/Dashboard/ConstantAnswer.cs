using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Overnight.Benchmarks.Dashboard;

[assembly: HostingStartup(typeof(ConstantAnswer))]

namespace Overnight.Benchmarks.Dashboard;

/// <summary>
/// Brought into the Api's process by ASP.NET Core's hosting startup: <c>GET /constant</c> answers prepared bytes before anything of the
/// product is reached, so that it is the limit of the server itself. The product's own path is as it always is, but for one comparison.
/// </summary>
internal sealed class ConstantAnswer : IHostingStartup, IStartupFilter
{
    public const string Path = "/constant";

    /// <summary>Variable with the file that holds the answer's body.</summary>
    public const string FileVariable = "OVERNIGHT_BENCHMARK_ANSWER";

    public void Configure(IWebHostBuilder builder)
    {
        if (Environment.GetEnvironmentVariable(FileVariable) is { Length: > 0 })
            builder.ConfigureServices(services => services.AddSingleton<IStartupFilter>(this));
    }

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) =>
        app =>
        {
            var answer = File.ReadAllBytes(Environment.GetEnvironmentVariable(FileVariable)!);
            app.Use((context, rest) => context.Request.Path.Value == Path ? AnswerAsync(context, answer) : rest(context));
            next(app);
        };

    private static Task AnswerAsync(HttpContext context, byte[] answer)
    {
        var response = context.Response;
        response.ContentType = "application/json; charset=utf-8";
        response.ContentLength = answer.Length;
        response.Headers.CacheControl = "private, no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        var write = response.BodyWriter.WriteAsync(answer, context.RequestAborted);
        return write.IsCompletedSuccessfully ? Task.CompletedTask : write.AsTask();
    }
}
