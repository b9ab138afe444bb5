using Overnight.Api.Pages.Display;
using Overnight.Api.Pages.Forms;

namespace Overnight.Api.Pages.Layout;

/// <summary>What every page has around its content.</summary>
/// <param name="Path">Path and query of the request, to which the display form returns.</param>
/// <param name="Theme">light, dark, or empty for what the system prefers.</param>
/// <param name="Cultures">The number formats to choose from; empty where the machine knows none.</param>
/// <param name="Culture">The chosen one; empty for what the browser asks for.</param>
/// <param name="Formats">The culture that the page is written in; empty for the international forms.</param>
/// <param name="Token">Null while no form can be sent, because its key can't be read.</param>
/// <param name="HasShortcuts">Whether single keys are shortcuts.</param>
public sealed record PageFrame(
    string Path,
    string Theme,
    IReadOnlyList<DisplayCulture> Cultures,
    string Culture,
    string Formats,
    bool IsSignedIn,
    bool IsAdmin,
    FormToken? Token,
    bool HasShortcuts = true
)
{
    /// <summary>Links that this visitor may follow, with the one to the current page marked.</summary>
    internal IEnumerable<(NavigationLink Link, bool IsCurrent)> Links =>
        IsSignedIn ? NavigationLink.All.Where(link => IsAdmin || !link.IsForAdmins).Select(link => (link, IsBelow(link.Path))) : [];

    private bool IsBelow(string path) =>
        Path.StartsWith(path, StringComparison.Ordinal) && (Path.Length == path.Length || Path[path.Length] is '/' or '?');
}

/// <summary>A page in the main navigation.</summary>
internal sealed record NavigationLink(string Path, string Text, bool IsForAdmins = false)
{
    /// <summary>In the order in which they are shown.</summary>
    public static readonly NavigationLink[] All =
    [
        new(PagePaths.Dashboard, "Dashboard"),
        new(Explanations.ExplanationPaths.Why, "Why"),
        new(Explanations.ExplanationPaths.WhatIf, "What if"),
        new(PagePaths.History, "History"),
        new(PagePaths.Account, "Account"),
        new(Operations.OperationsPaths.Overview, "Operations", IsForAdmins: true),
    ];
}

/// <summary>Makes the frame of a request's page.</summary>
internal sealed class PageFrames(DisplayCultures cultures, AntiforgeryTokenIssuer tokens)
{
    public PageFrame Of(HttpContext context)
    {
        var choice = DisplayChoice.Of(context.Request);
        var session = (context.User as Sessions.SessionPrincipal)?.Session;
        return new(
            HtmlRequests.PageOf(context.Request),
            choice.Theme,
            cultures.Offered,
            choice.Culture,
            cultures.Of(context.Request).Name,
            session is not null,
            session is { IsAdmin: true },
            tokens.TryCreate(context),
            Operations.KeyboardShortcutChoice.IsOn(context.Request)
        );
    }
}
