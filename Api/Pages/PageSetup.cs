using Overnight.Api.Pages.Account;
using Overnight.Api.Pages.Dashboard;
using Overnight.Api.Pages.Display;
using Overnight.Api.Pages.Explanations;
using Overnight.Api.Pages.Forms;
using Overnight.Api.Pages.History;
using Overnight.Api.Pages.Layout;
using Overnight.Api.Pages.Operations;
using Overnight.Api.Pages.SignIn;

namespace Overnight.Api.Pages;

/// <summary>The pages for people, rendered on the server; each is complete without a script.</summary>
internal static partial class PageSetup
{
    public static void AddPages(this WebApplicationBuilder builder)
    {
        builder.AddForms();
        builder.AddOperationsPages();
        builder.AddExplanationPages();
        builder.Services.AddSingleton<DisplayCultures>().AddSingleton<PageFrames>().AddSingleton<UserResults>().AddSingleton<DemoSignIn>();
        builder.Services.AddSingleton<NextRuns>().AddSingleton<PastResults>().AddSingleton<AccountViewModelBuilder>();
    }

    public static void MapPages(this WebApplication app)
    {
        var forms = app.MapForms();
        app.MapPageAssets();
        app.MapSignInPages(forms);
        app.MapDashboardPages();
        app.MapOperationsPages(forms);
        app.MapExplanationPages(forms);
        app.MapHistoryPages();
        app.MapAccountPages(forms);
        app.MapErasePages(forms);
        forms.MapDisplay();
        if (!app.Services.GetRequiredService<DisplayCultures>().IsAny)
            Log.NoCultures(app.Logger);
    }

    private static partial class Log
    {
        [LoggerMessage(
            355,
            LogLevel.Warning,
            "The ICU library is not installed (libicu), so pages show numbers and dates in the international form for everybody."
        )]
        public static partial void NoCultures(ILogger logger);
    }
}
