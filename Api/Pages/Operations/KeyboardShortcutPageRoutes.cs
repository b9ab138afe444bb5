using Overnight.Api.Pages.Forms;
using Overnight.Api.Pages.Layout;
using Overnight.Api.Problems;

namespace Overnight.Api.Pages.Operations;

/// <summary>The list of keyboard shortcuts, and the form that switches them off and on.</summary>
internal static class KeyboardShortcutPageRoutes
{
    public static void MapKeysPages(this RouteGroupBuilder pages, RouteGroupBuilder forms)
    {
        pages.MapGet(OperationsPaths.Keys, Get);
        forms.MapPost(OperationsPaths.Keys, ChooseAsync);
    }

    private static PageResult<KeyboardShortcutsPage> Get(string? done, HttpContext context, PageFrames frames) =>
        new(frames.Of(context), new KeyboardShortcutsViewModel(done));

    private static async Task<IResult> ChooseAsync(HttpContext context, CancellationToken ct)
    {
        var form = await context.Request.ReadFormAsync(ct);
        var choice = $"{form["shortcuts"]}";
        if (choice is not ("on" or "off"))
            return InvalidRequest.Problem(
                "shortcuts",
                $"must be on or off, and is '{DisplayText.Short(choice)}'",
                "The choice is not valid"
            );
        KeyboardShortcutChoice.Keep(context, choice == "on");
        return FormRoutes.GoTo(Outcomes.Of(OperationsPaths.Keys, $"keys-{choice}"));
    }
}
