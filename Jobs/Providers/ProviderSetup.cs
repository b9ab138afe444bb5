using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Overnight.Core;
using Overnight.Core.Market;
using Overnight.Jobs.Providers.Http;

namespace Overnight.Jobs.Providers;

internal static class ProviderSetup
{
    /// <summary>Registers the providers of rates and prices. A provider that the order does not name is never asked.</summary>
    public static void AddProviders(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSection<ProvidersOptions>(ProvidersOptions.Section);
        builder
            .Services.AddSingleton<RequestBudget>()
            .AddClient(ProviderNames.Ecb, options => options.Ecb)
            .AddClient(ProviderNames.Frankfurter, options => options.Frankfurter)
            .AddClient(ProviderNames.Stooq, options => options.Stooq)
            .AddSingleton<IExchangeRateProvider>(services => new EcbRates(
                services.GetRequiredKeyedService<ProviderClient>(ProviderNames.Ecb)
            ))
            .AddSingleton<IExchangeRateProvider>(services => new FrankfurterRates(
                services.GetRequiredKeyedService<ProviderClient>(ProviderNames.Frankfurter)
            ))
            .AddSingleton<IPriceProvider>(services => new StooqPrices(
                services.GetRequiredKeyedService<ProviderClient>(ProviderNames.Stooq),
                services.GetRequiredService<IOptions<ProvidersOptions>>()
            ))
            .AddSingleton<MarketDataStore>()
            .AddSingleton<ProviderCall>()
            .AddSingleton<RateFeed>()
            .AddSingleton<PriceFeed>()
            .AddSingleton<MarketFeed>();
    }

    private static IServiceCollection AddClient(
        this IServiceCollection services,
        string name,
        Func<ProvidersOptions, EndpointOptions> endpoint
    ) =>
        services.AddKeyedSingleton(name, (provider, _) =>
            new ProviderClient(
                name,
                endpoint(provider.GetRequiredService<IOptions<ProvidersOptions>>().Value),
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<ProviderClient>>(),
                provider.GetRequiredService<RequestBudget>()
            )
        );
}
