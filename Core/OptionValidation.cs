using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Overnight.Core;

/// <summary>The inclusive bounds of an option: numbers, or the text of a duration or a decimal number.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class BetweenAttribute(object least, object most) : Attribute
{
    public object Least => least;

    public object Most => most;

    internal (IComparable Least, IComparable Most) As(Type type) => (Read(least, type), Read(most, type));

    private static IComparable Read(object bound, Type type) =>
        type == typeof(TimeSpan)
            ? TimeSpan.Parse((string)bound, CultureInfo.InvariantCulture)
            : (IComparable)Convert.ChangeType(bound, type, CultureInfo.InvariantCulture);
}

/// <summary>Options with rules beyond the bounds of single properties.</summary>
internal interface IValidatedOptions
{
    /// <param name="rules">Where errors are added.</param>
    /// <param name="path">Prefix of the options' own keys.</param>
    void Check(OptionRules rules, string path);
}

public static class SectionSetup
{
    /// <summary>
    /// Binds a configuration section and validates it at start: all errors are collected, and each names key, bound and value.
    /// </summary>
    public static OptionsBuilder<TOptions> AddSection<TOptions>(this IServiceCollection services, string section)
        where TOptions : class
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<TOptions>, SectionValidator<TOptions>>(_ => new(section)));
        return services.AddOptions<TOptions>().BindConfiguration(section).ValidateOnStart();
    }
}

/// <summary>
/// Checks options, and options nested in them, against the bounds of their properties and their further rules.
/// </summary>
internal sealed class SectionValidator<TOptions>(string section) : IValidateOptions<TOptions>
    where TOptions : class
{
    public ValidateOptionsResult Validate(string? name, TOptions options)
    {
        OptionRules rules = new(section);
        Check(rules, "", options);
        return rules.Result();
    }

    private static void Check(OptionRules rules, string path, object options)
    {
        foreach (var property in options.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (property.GetIndexParameters().Length > 0 || property.GetValue(options) is not { } value)
                continue;
            if (property.GetCustomAttribute<BetweenAttribute>() is { } bounds)
            {
                var (least, most) = bounds.As(property.PropertyType);
                rules.Between(path + property.Name, (IComparable)value, least, most);
            }
            else if (property is { CanWrite: true, PropertyType: { IsClass: true } type } && type.Assembly == typeof(TOptions).Assembly)
            {
                Check(rules, $"{path}{property.Name}:", value);
            }
        }
        (options as IValidatedOptions)?.Check(rules, path);
    }
}
