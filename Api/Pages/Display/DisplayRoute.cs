using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Pages.Forms;
using Overnight.Api.Problems;

namespace Overnight.Api.Pages.Display;

/// <summary>Keeps the visitor's choice of theme and formats in a cookie.</summary>
internal static class DisplayRoute
{
    public static void MapDisplay(this RouteGroupBuilder forms) => forms.MapPost(PagePaths.Display, ChooseAsync).AllowAnonymous();

    private static async Task<Results<RedirectHttpResult, ValidationProblem>> ChooseAsync(
        HttpContext context,
        DisplayCultures cultures,
        CancellationToken ct
    )
    {
        var form = await context.Request.ReadFormAsync(ct);
        var (theme, culture) = ($"{form["theme"]}", $"{form["culture"]}");
        Dictionary<string, string[]> errors = new(StringComparer.Ordinal);
        if (!DisplayChoice.IsTheme(theme))
            errors["theme"] = [$"must be light, dark or empty, and is '{DisplayText.Short(theme)}'"];
        if (culture.Length > 0 && !cultures.IsOffered(culture))
            errors["culture"] = [$"must be one that the form offers, and is '{DisplayText.Short(culture)}'"];
        if (errors.Count > 0)
            return InvalidRequest.Problem(errors, "The choice is not valid");
        new DisplayChoice(theme, culture).Keep(context);
        return FormRoutes.GoTo(HtmlRequests.LocalOr(form[HtmlRequests.Return], PagePaths.Home));
    }
}
