using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Overnight.Core;

/// <summary>The bounds of an option, both included: numbers, or texts of a duration or a decimal number.</summary>
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

/// <summary>Options with rules that no bound says.</summary>
internal interface IValidatedOptions
{
    /// <param name="path">Before the names of its own keys.</param>
    void Check(OptionRules rules, string path);
}

public static class SectionSetup
{
    /// <summary>
    /// A section of the configuration, validated at start: every failure is collected, and names the key, the bound and the value.
    /// </summary>
    public static OptionsBuilder<TOptions> AddSection<TOptions>(this IServiceCollection services, string section)
        where TOptions : class
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<TOptions>, SectionValidator<TOptions>>(_ => new(section)));
        return services.AddOptions<TOptions>().BindConfiguration(section).ValidateOnStart();
    }
}

/// <summary>
/// Holds options to the bounds that their properties declare, those of nested options as well, and to their further rules.
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
