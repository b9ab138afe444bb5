using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Admin;
using Overnight.Api.Pages.Display;
using Overnight.Api.Pages.Forms;
using Overnight.Api.Pages.Layout;
using Overnight.Api.Paging;
using Overnight.Api.Problems;
using Overnight.Core.Reference;

namespace Overnight.Api.Pages.Operations;

/// <summary>The page of the cache and the form that invalidates reference data.</summary>
internal static class CachePageRoutes
{
    public static void MapCachePages(this RouteGroupBuilder pages, RouteGroupBuilder forms)
    {
        pages.MapGet(OperationsPaths.Cache, GetAsync);
        forms.MapPost(OperationsPaths.Invalidate, InvalidateAsync);
    }

    private static async Task<IResult> GetAsync(
        string? hours,
        string? done,
        HttpContext context,
        CacheViewModelBuilder views,
        PageFrames frames,
        DisplayCultures cultures,
        CancellationToken ct
    )
    {
        QueryErrors errors = new();
        var asked = CacheHistoryRoute.Hours(hours, errors);
        if (errors.Any)
            return errors.ToProblem();
        return new PageResult<CachePage>(
            frames.Of(context),
            await views.MakeAsync(asked, "", "", null, done, new(cultures.Of(context.Request)), ct)
        );
    }

    private static async Task<IResult> InvalidateAsync(
        HttpContext context,
        ReferenceInvalidation invalidation,
        TenantDirectory tenants,
        CacheViewModelBuilder views,
        PageFrames frames,
        DisplayCultures cultures,
        CancellationToken ct
    )
    {
        var form = await context.Request.ReadFormAsync(ct);
        var (pattern, tenant, all) = ($"{form["pattern"]}".Trim(), $"{form["tenantId"]}".Trim(), $"{form["all"]}");
        using var body = FormJsonBody.Of(
            ("pattern", FormJsonBody.Text(pattern)),
            ("tenantId", FormJsonBody.Text(tenant)),
            ("all", FormJsonBody.Flag(all))
        );
        if (AskViewModel.IsSure(form))
        {
            var answer = await ReferenceInvalidationRoutes.InvalidateAsync(body, context, invalidation, tenants, ct);
            return answer.Result is Ok<CacheInvalidated> ? FormRoutes.GoTo(Outcomes.Of(OperationsPaths.Cache, "invalidated")) : answer;
        }
        var (asked, errors) = await CacheInvalidateRequest.CheckAsync(body, tenants, ct);
        if (errors.Count == 0)
            return new PageResult<AskPage>(frames.Of(context), Ask(asked, pattern, tenant, all));
        var refused = InvalidRequest.Problem(errors, "The invalidation asked for is not valid");
        return new PageResult<CachePage>(
            frames.Of(context),
            await views.MakeAsync(
                CacheHistoryRoute.Usual,
                DisplayText.Short(pattern),
                DisplayText.Short(tenant),
                refused.ProblemDetails.Detail,
                null,
                new(cultures.Of(context.Request)),
                ct
            ),
            StatusCodes.Status400BadRequest
        );
    }

    private static AskViewModel Ask(CacheInvalidateRequest asked, string pattern, string tenant, string all)
    {
        var entities = asked.Entities ?? ReferenceCatalog.All;
        List<(string, string)> fields = [];
        foreach (var (name, value) in ((string, string)[])[("pattern", pattern), ("tenantId", tenant), ("all", all)])
        {
            if (value.Length > 0)
                fields.Add((name, value));
        }
        return new(
            "Invalidate",
            asked.TenantId is { } id ? $"Read reference data of tenant {id:D} again?" : "Read reference data of every tenant again?",
            [
                $"Every node reads these once more, when they are next asked for: {string.Join(", ", entities.Select(entity => entity.FullName))}.",
                "Until then PostgreSQL has more to do; nothing is lost.",
            ],
            OperationsPaths.Invalidate,
            fields,
            "Invalidate",
            OperationsPaths.Cache
        );
    }
}
