namespace Overnight.Jobs.Providers;

/// <summary>How rates and prices alike come from the configured providers, and what is left from the last stored values.</summary>
internal static class ProviderOrder
{
    /// <param name="isCovered">Whether every value is there.</param>
    /// <param name="useStored">Takes the stored ones of those that are not, and remembers them as stale when told so.</param>
    /// <param name="ask">Takes what a provider has of them.</param>
    public static async Task<List<ProviderReport>> AskAsync(
        string feed,
        IEnumerable<string> providers,
        Func<ValueTask<bool>> isCovered,
        Func<string, bool, ProviderReport> useStored,
        Func<string, Task<ProviderReport>> ask
    )
    {
        List<ProviderReport> reports = [];
        var asked = false;
        foreach (var name in providers)
        {
            if (name == ProviderNames.Imported)
                reports.Add(useStored(name, asked));
            else if (await isCovered())
                reports.Add(new(feed, name, ProviderOutcome.NotAsked));
            else
            {
                asked = true;
                reports.Add(await ask(name));
            }
        }
        if (asked && !await isCovered())
        {
            var fallback = useStored(ProviderNames.Stored, true);
            if (fallback is { Values: > 0 } or { Refused: > 0 })
                reports.Add(fallback);
        }
        return reports;
    }
}
