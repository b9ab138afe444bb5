using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Overnight.Core;

public static class SectionSetup
{
    /// <summary>
    /// A section of the configuration, validated at start: every failure is collected, and names the key, the bound and the value. Keys
    /// that no option has are told as warnings.
    /// </summary>
    /// <param name="refuseUnknown">True where a mistyped key does harm: then it is a failure.</param>
    public static OptionsBuilder<TOptions> AddSection<TOptions>(
        this IServiceCollection services,
        string section,
        bool refuseUnknown = false
    )
        where TOptions : class
    {
        ArgumentNullException.ThrowIfNull(services);
        var options = services.AddOptions<TOptions>();
        // Capabilities share sections; bound twice, a list would hold everything twice.
        if (services.Any(service => service.ServiceType == typeof(SectionValidator<TOptions>)))
            return options;
        services
            .AddSingleton(provider => new SectionValidator<TOptions>(
                section,
                provider.GetRequiredService<IConfiguration>(),
                provider.GetService<ILogger<SectionValidator<TOptions>>>(),
                refuseUnknown
            ))
            .AddSingleton<IValidateOptions<TOptions>>(provider => provider.GetRequiredService<SectionValidator<TOptions>>());
        return options
            .Configure<IConfiguration>((bound, configuration) => SectionKeys.Bind(configuration.GetSection(section), bound))
            .ValidateOnStart();
    }

    /// <summary>A section that is needed before there are services.</summary>
    /// <exception cref="OptionsValidationException">Something is wrong with it.</exception>
    public static TOptions ReadSection<TOptions>(this IConfiguration configuration, string section)
        where TOptions : class, new()
    {
        ArgumentNullException.ThrowIfNull(configuration);
        TOptions options = new();
        SectionKeys.Bind(configuration.GetSection(section), options);
        var result = new SectionValidator<TOptions>(section, configuration).Validate(null, options);
        return result.Failed ? throw new OptionsValidationException(section, typeof(TOptions), result.Failures) : options;
    }
}
