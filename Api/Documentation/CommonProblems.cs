using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Overnight.Api.Sessions;

namespace Overnight.Api.Documentation;

/// <summary>
/// Describes for each route the problems that the middleware in front of it answers with. Routes declare only their own.
/// </summary>
internal sealed class CommonProblems : IApiDescriptionProvider
{
    /// <summary>After the framework's providers, which add the routes at lower orders.</summary>
    public int Order => 0;

    public void OnProvidersExecuting(ApiDescriptionProviderContext context)
    {
        foreach (var route in context.Results)
        {
            var answers = route.SupportedResponseTypes;
            foreach (var status in Of(route).Where(status => answers.All(answer => answer.StatusCode != status)))
            {
                answers.Add(
                    new()
                    {
                        StatusCode = status,
                        Type = typeof(ProblemDetails),
                        ApiResponseFormats = [new() { MediaType = "application/problem+json" }],
                    }
                );
            }
        }
    }

    public void OnProvidersExecuted(ApiDescriptionProviderContext context) { }

    private static IEnumerable<int> Of(ApiDescription route)
    {
        var metadata = route.ActionDescriptor.EndpointMetadata;
        var policies = metadata.OfType<IAuthorizeData>().Select(authorize => authorize.Policy).ToList();
        yield return StatusCodes.Status400BadRequest;
        if (policies.Count > 0)
            yield return StatusCodes.Status401Unauthorized;
        if (policies.Contains(SessionSetup.Admin) || route.HttpMethod is not ("GET" or "HEAD"))
            yield return StatusCodes.Status403Forbidden;
        if (metadata.OfType<IAcceptsMetadata>().Any())
        {
            yield return StatusCodes.Status408RequestTimeout;
            yield return StatusCodes.Status413PayloadTooLarge;
            yield return StatusCodes.Status415UnsupportedMediaType;
        }
        yield return StatusCodes.Status500InternalServerError;
        yield return StatusCodes.Status503ServiceUnavailable;
        if (!metadata.OfType<DisableRequestTimeoutAttribute>().Any())
            yield return StatusCodes.Status504GatewayTimeout;
    }
}
