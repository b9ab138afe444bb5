using System.Globalization;

namespace Overnight.Api.Pages.Explanations;

/// <summary>Addresses of the pages that explain a result.</summary>
internal static class ExplanationPaths
{
    /// <summary>In place of the id of a run: the result in force.</summary>
    public const string Current = "current";

    public const string Why = "/why",
        Changes = "/changes",
        WhatIf = "/what-if";

    public static string WhyOf(Guid run) => $"{Why}/{run:D}";

    public static string WhyOf(string run, Guid asset) => $"{Why}/{run}/{asset:D}";

    public static string ChangesSince(Guid after) => $"{Changes}?after={after:D}";

    public static string WhatIfOf(Guid run) => $"{WhatIf}?run={run:D}";

    public static string Date(DateOnly date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
