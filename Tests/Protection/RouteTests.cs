using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Overnight.Api.Sessions;
using Overnight.Tests.Dashboard;

namespace Overnight.Tests.Protection;

/// <summary>SPEC C5: no route is open because somebody forgot to close it.</summary>
public sealed class RouteTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private readonly ApiApp _app = fixture.App;

    [Fact]
    public void Routes_AllOfThem_HaveAPolicyOrSayThatTheyAreForEverybody()
    {
        var routes = Routes().ToList();

        Assert.InRange(routes.Count, 20, int.MaxValue);
        Assert.All(routes, route =>
            Assert.True(
                route.Metadata.GetMetadata<IAllowAnonymous>() is not null
                    ^ route
                        .Metadata.OfType<IAuthorizeData>()
                        .Any(data => data.Policy is SessionSetup.SignedIn or SessionSetup.SignedInOrKey or SessionSetup.Admin),
                route.DisplayName
            )
        );
        Assert.Equal(
            [
                "/",
                "/alive",
                "/api/erasures/{id}",
                "/api/roots",
                "/api/sessions/",
                "/demo-sign-in",
                "/display",
                "/favicon.ico",
                "/health",
                "/openapi/v1.json",
                "/pages/{file}",
                "/sign-in",
            ],
            routes
                .Where(route => route.Metadata.GetMetadata<IAllowAnonymous>() is not null)
                .Select(route => route.RoutePattern.RawText!)
                .Distinct()
                .Order(StringComparer.Ordinal)
        );
        Assert.All(routes.Where(route => route.RoutePattern.RawText!.StartsWith("/api/admin", StringComparison.Ordinal)), route =>
            Assert.Contains(route.Metadata.OfType<IAuthorizeData>(), data => data.Policy == SessionSetup.Admin)
        );
    }

    [Fact]
    public async Task Route_WithoutAPolicy_IsForNobody()
    {
        var policy = await _app.Get<IAuthorizationPolicyProvider>().GetFallbackPolicyAsync();
        ClaimsPrincipal admin = new(new ClaimsIdentity([new(ClaimTypes.Role, SessionSetup.AdminRole)], SessionSetup.Scheme));

        Assert.False(
            await IsAllowedAsync(new RouteEndpoint(_ => Task.CompletedTask, RoutePatternFactory.Parse("/forgotten"), 0, null, null))
        );
        // A 405, and a 404.
        Assert.True(await IsAllowedAsync(new Endpoint(_ => Task.CompletedTask, null, "405")));
        Assert.True(await IsAllowedAsync(null));

        async Task<bool> IsAllowedAsync(Endpoint? endpoint)
        {
            DefaultHttpContext context = new();
            context.SetEndpoint(endpoint);
            return (await _app.Get<IAuthorizationService>().AuthorizeAsync(admin, context, policy!)).Succeeded;
        }
    }

    [Fact]
    public void Routes_ThatAnswerGet_AnswerHeadByTheSamePolicy()
    {
        var routes = Routes().ToList();
        foreach (var get in routes.Where(route => Methods(route).Contains(HttpMethods.Get)))
        {
            var head = Assert.Single(routes, route =>
                route.RoutePattern.RawText == get.RoutePattern.RawText && Methods(route).Contains(HttpMethods.Head)
            );
            Assert.Equal(Policies(get), Policies(head));
        }

        static IReadOnlyList<string> Methods(Endpoint route) => route.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [];
        static IEnumerable<string?> Policies(Endpoint route) => route.Metadata.OfType<IAuthorizeData>().Select(data => data.Policy);
    }

    private IEnumerable<RouteEndpoint> Routes() => _app.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();
}
