using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Overnight.Core;

public static class SectionSetup
{
    /// <summary>
    /// Binds a section of the configuration and validates it at start. All failures are collected, each with key, bound and value. Keys
    /// that no option has are logged as warnings.
    /// </summary>
    /// <param name="refuseUnknown">Whether a key that no option has is a failure instead of a warning.</param>
    public static OptionsBuilder<TOptions> AddSection<TOptions>(
        this IServiceCollection services,
        string section,
        bool refuseUnknown = false
    )
        where TOptions : class
    {
        ArgumentNullException.ThrowIfNull(services);
        var options = services.AddOptions<TOptions>();
        // Several capabilities add the same section; binding it twice would add the items of its lists twice.
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

    /// <summary>Reads and validates a section that is needed before the service provider is built.</summary>
    /// <exception cref="OptionsValidationException">The section is invalid.</exception>
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
