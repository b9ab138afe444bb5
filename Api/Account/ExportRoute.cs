using System.Reflection;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Net.Http.Headers;
using Npgsql;
using Overnight.Api.Sessions;
using Overnight.Core;
using Overnight.Core.Actions;

namespace Overnight.Api.Account;

/// <summary>Lets users take all of their own data.</summary>
internal static class ExportRoute
{
    public static void AddExport(this WebApplicationBuilder builder) =>
        builder.Services.AddSingleton<OwnResultReader>().AddSingleton<OwnDataExport>();

    public static void MapExport(this WebApplication app) =>
        app.MapGet("/api/account/export", ExportAsync)
            .WithTags("Account")
            .RequireAuthorization(SessionSetup.SignedIn)
            .WithName("ExportOwnData")
            .WithSummary(
                "All data of the user as a ZIP of JSON and CSV (RFC 4180), streamed. It is in the action log before it begins. A transfer that breaks off is no whole ZIP."
            )
            .DisableRequestTimeout();

    private static async Task<ExportHttpResult> ExportAsync(
        HttpContext context,
        OwnDataExport export,
        NpgsqlDataSource database,
        TimeProvider time,
        CancellationToken ct
    )
    {
        var user = SessionPrincipal.Of(context).UserId;
        var now = time.GetUtcNow();
        if (!HttpMethods.IsHead(context.Request.Method))
            await ActionLog.WriteAsync(
                database,
                new(SessionPrincipal.ActorOf(context), LoggedAction.Export, "started") { Subject = user },
                now,
                ct
            );
        return new(export, user, $"overnight-{IsoDate.Of(DateOnly.FromDateTime(now.UtcDateTime))}.zip");
    }
}

/// <summary>The ZIP as an attachment.</summary>
internal sealed class ExportHttpResult(OwnDataExport export, Guid user, string fileName) : IResult, IEndpointMetadataProvider
{
    private const string ContentType = "application/zip";

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.ContentType = ContentType;
        response.Headers.ContentDisposition = new ContentDispositionHeaderValue("attachment") { FileName = fileName }.ToString();
        if (!HttpMethods.IsHead(httpContext.Request.Method))
            await export.WriteAsync(response.Body, user, httpContext.RequestAborted);
    }

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(Stream), [ContentType]));
}
