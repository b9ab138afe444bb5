using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http.Metadata;
using Overnight.Api.Problems;

namespace Overnight.Api.Protection;

/// <summary>Marks a route whose handler parses the query string itself and refuses unknown parameters.</summary>
internal sealed record ReadsOwnQuery;

/// <summary>
/// Refuses query parameters that a route does not have, because a misspelt filter would otherwise be ignored. A route's parameters are
/// the handler's parameters of type string that are not in its path.
/// </summary>
internal sealed class QueryParameters(RequestDelegate next)
{
    private readonly ConditionalWeakTable<Endpoint, string[]> _known = [];

    public Task InvokeAsync(HttpContext context)
    {
        if (
            !context.Request.QueryString.HasValue
            || context.GetEndpoint() is not RouteEndpoint { RoutePattern.RawText: { } path } endpoint
            || endpoint.Metadata.GetMetadata<ReadsOwnQuery>() is not null
            // Some load balancers add parameters to probes, and a node must not be taken out of service for them.
            || path is "/health" or "/alive"
        )
            return next(context);
        var known = _known.GetValue(endpoint, static endpoint => [.. Of((RouteEndpoint)endpoint)]);
        Dictionary<string, string[]> errors = new(StringComparer.Ordinal);
        foreach (var name in context.Request.Query.Keys)
        {
            if (!known.Contains(name, StringComparer.OrdinalIgnoreCase))
                errors[name] =
                [
                    known.Length == 0 ? "is not known; this route has none" : $"is not known; known are {string.Join(", ", known)}",
                ];
        }
        return errors.Count == 0 ? next(context) : InvalidRequest.Problem(errors, "The question is not valid").ExecuteAsync(context);
    }

    internal static IEnumerable<string> Of(RouteEndpoint endpoint) =>
        endpoint
            .Metadata.OfType<IParameterBindingMetadata>()
            .Where(parameter =>
                parameter.ParameterInfo.ParameterType == typeof(string) && endpoint.RoutePattern.GetParameter(parameter.Name) is null
            )
            .Select(parameter => parameter.Name);
}
