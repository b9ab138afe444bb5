using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Overnight.Core.Market.Calendars;

namespace Overnight.Tests.Scheduling;

/// <summary>Markets as a configuration makes them.</summary>
internal static class TestMarkets
{
    public static MarketCatalog Catalog(params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.ToDictionary(s => $"Markets:{s.Key}", s => (string?)s.Value))
            .Build();
        return new ServiceCollection()
            .AddSingleton<IConfiguration>(configuration)
            .AddMarkets()
            .BuildServiceProvider()
            .GetRequiredService<MarketCatalog>();
    }

    public static MarketCalendar Market(string code, params (string Key, string Value)[] settings) =>
        Catalog([.. settings.Select(s => ($"{code}:{s.Key}", s.Value))]).Get(code);

    public static DateTimeOffset Utc(string text) => DateTimeOffset.Parse(text);
}
