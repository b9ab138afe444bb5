using Overnight.Core.Runs;

namespace Overnight.Jobs.Providers;

/// <summary>Asks the configured providers in order for rates or prices, and takes missing ones from the last stored values.</summary>
internal static class ProviderFallback
{
    /// <param name="isCovered">Whether no value is missing.</param>
    /// <param name="useStored">Takes stored values for the missing ones, for the named provider; true marks them as stale.</param>
    /// <param name="ask">Takes the missing values that the named provider has.</param>
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
