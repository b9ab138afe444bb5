using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Overnight.Core.Market.Calendars;

public static class MarketSetup
{
    /// <summary>Adds the catalog of markets from section <c>Markets</c> of the configuration; an invalid section stops the start.</summary>
    public static IServiceCollection AddMarkets(this IServiceCollection services)
    {
        // An unknown key is a failure here, because ignoring a mistyped one could start nights on wrong days.
        services.AddSection<MarketsOptions>(MarketOptions.Section, refuseUnknown: true);
        return services.AddSingleton<IValidateOptions<MarketsOptions>, MarketsValidator>().AddSingleton<MarketCatalog>();
    }
}

/// <summary>Reports all values that can't be parsed at once.</summary>
internal sealed class MarketsValidator : IValidateOptions<MarketsOptions>
{
    public ValidateOptionsResult Validate(string? name, MarketsOptions options)
    {
        var failures = MarketCatalog.Failures(options);
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
