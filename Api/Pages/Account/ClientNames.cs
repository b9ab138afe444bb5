namespace Overnight.Api.Pages.Account;

/// <summary>Names the program that made a session by its User-Agent, for people to recognise; anybody can send any.</summary>
internal static class ClientNames
{
    /// <summary>In this order, for most call themselves several.</summary>
    private static readonly (string Token, string Name)[] Programs =
    [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ];

    private static readonly (string Token, string Name)[] Systems =
    [
        ("Windows", "Windows"),
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];

    private const int Longest = 60;

    public static string Of(string? userAgent)
    {
        if (string.IsNullOrWhiteSpace(userAgent))
            return "A program without a name";
        var (program, system) = (Find(Programs), Find(Systems));
        return (program, system) switch
        {
            (not null, not null) => $"{program} on {system}",
            (not null, null) => program,
            _ => userAgent.Length <= Longest ? userAgent : $"{userAgent[..(Longest - 1)]}…",
        };

        string? Find((string Token, string Name)[] known) =>
            known.FirstOrDefault(one => userAgent.Contains(one.Token, StringComparison.Ordinal)).Name;
    }
}
