using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.OpenApi;

namespace Overnight.Api.Documentation;

/// <summary>The description of this API, for people and generators: /openapi/v1.json.</summary>
internal static class OpenApiSetup
{
    private const string Bearer = "bearer";

    public static void AddApiDocument(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<CachedOpenApiDocument>();
        builder.Services.TryAddEnumerable(ServiceDescriptor.Transient<IApiDescriptionProvider, CommonProblems>());
        builder.Services.AddOpenApi(CachedOpenApiDocument.Name, options =>
        {
            options.AddDocumentTransformer(
                static (document, _, _) =>
                {
                    document.Info = new()
                    {
                        Title = "Overnight",
                        Version = "v1",
                        Description =
                            "Recommendations computed overnight, answered in the morning. Decimals are strings; times are ISO 8601 UTC; errors are ProblemDetails.",
                    };
                    // Without servers, clients use the address that they fetched the document from.
                    document.Servers = null;
                    document.Components ??= new();
                    document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal);
                    document.Components.SecuritySchemes[Bearer] = new OpenApiSecurityScheme
                    {
                        Type = SecuritySchemeType.Http,
                        Scheme = Bearer,
                        Description = "A session token, 43 characters of base64url. Pages use the cookie __Host-overnight instead.",
                    };
                    return Task.CompletedTask;
                }
            );
            options.AddOperationTransformer(
                static (operation, context, _) =>
                {
                    if (context.Description.ActionDescriptor.EndpointMetadata.OfType<IAuthorizeData>().Any())
                    {
                        operation.Security = [new() { [new OpenApiSecuritySchemeReference(Bearer, context.Document)] = [] }];
                    }
                    return Task.CompletedTask;
                }
            );
        });
    }

    public static void MapApiDocument(this WebApplication app) =>
        app.MapGet(CachedOpenApiDocument.Path, static (CachedOpenApiDocument document, HttpResponse response, CancellationToken ct) =>
                document.GetAsync(response, ct)
            )
            .AllowAnonymous()
            .ExcludeFromDescription();
}
