using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Overnight.Core.Market.Calendars;

public static class MarketSetup
{
    /// <summary>Adds the catalog of markets from section <c>Markets</c> of the configuration; an invalid section stops the start.</summary>
    public static IServiceCollection AddMarkets(this IServiceCollection services)
    {
        services.AddOptions<MarketsOptions>().BindConfiguration(MarketOptions.Section).ValidateOnStart();
        return services.AddSingleton<IValidateOptions<MarketsOptions>, MarketsValidator>().AddSingleton<MarketCatalog>();
    }
}

/// <summary>Reports all errors at once: values that can't be parsed, and keys that do not exist.</summary>
internal sealed class MarketsValidator(IConfiguration configuration) : IValidateOptions<MarketsOptions>
{
    private static readonly string[] Texts =
    [
        nameof(MarketOptions.Like),
        nameof(MarketOptions.Name),
        nameof(MarketOptions.TimeZone),
        nameof(MarketOptions.Lead),
        nameof(MarketOptions.Cron),
    ];

    private static readonly string[] Lists =
    [
        nameof(MarketOptions.Hours),
        nameof(MarketOptions.Weekend),
        nameof(MarketOptions.Holidays),
        nameof(MarketOptions.TradingDays),
        nameof(MarketOptions.EarlyCloses),
        nameof(MarketOptions.LateOpens),
    ];

    public ValidateOptionsResult Validate(string? name, MarketsOptions options)
    {
        var failures = MarketCatalog.Failures(options);
        foreach (var market in configuration.GetSection(MarketOptions.Section).GetChildren())
        {
            foreach (var key in market.GetChildren())
            {
                // A mistyped key that is ignored would put a night on the wrong day.
                if (Lists.Contains(key.Key, StringComparer.OrdinalIgnoreCase))
                {
                    if (!string.IsNullOrEmpty(key.Value))
                        failures.Add($"{key.Path} must be a list ({key.Path}:0, {key.Path}:1, ..), and is '{key.Value}'.");
                }
                else if (!Texts.Contains(key.Key, StringComparer.OrdinalIgnoreCase))
                {
                    failures.Add($"{key.Path} is not known, and is '{key.Value}'. Known are: {string.Join(", ", Texts.Concat(Lists))}.");
                }
            }
        }
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
