using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Overnight.Core;

/// <summary>Options with rules that a bound of a single property can't express.</summary>
internal interface IValidatedOptions
{
    /// <param name="path">Prefix of the options' keys below the section; empty, or with a colon at its end.</param>
    void Check(OptionRules rules, string path);
}

/// <summary>
/// Validates options, nested ones included, against the types and bounds that their properties declare, and against
/// <see cref="IValidatedOptions"/>.
/// </summary>
/// <param name="configuration">Null for options that were not bound; then only their values are checked.</param>
/// <param name="logger">Logs unknown keys; null to leave them out.</param>
internal sealed class SectionValidator<TOptions>(
    string section,
    IConfiguration? configuration = null,
    ILogger? logger = null,
    bool refuseUnknown = false
) : IValidateOptions<TOptions>
    where TOptions : class
{
    // Options are validated twice, at start and when they are first read, and unknown keys are logged only once.
    private int _isTold;

    public ValidateOptionsResult Validate(string? name, TOptions options)
    {
        OptionRules rules = new(section, configuration is null ? null : key => configuration[$"{section}:{key}"]);
        if (configuration is not null)
        {
            var log = Interlocked.Exchange(ref _isTold, 1) == 0 ? logger : null;
            Compare(rules, SectionKeys.Read(configuration.GetSection(section), typeof(TOptions)), log);
            if (log is not null)
                WarnOfNames(configuration, log);
        }
        Check(rules, "", options);
        return rules.Result();
    }

    private void Compare(OptionRules rules, SectionKeys keys, ILogger? log)
    {
        foreach (var (key, must, value) in keys.Unreadable)
            rules.Require(key[(section.Length + 1)..], false, must, value);
        foreach (var (key, known) in keys.Unknown)
        {
            var advice = NearestKey.Of(key, known) is { } near ? $"Did you mean {near}?" : $"Known are: {string.Join(", ", known)}.";
            if (refuseUnknown)
                rules.Add([$"{key} is not known. {advice}"]);
            else if (log is not null)
                SectionLog.Unknown(log, key, advice);
        }
    }

    /// <summary>Warns of a section with a similar name that has a key of these options, because its name may be mistyped.</summary>
    private void WarnOfNames(IConfiguration all, ILogger log)
    {
        var near = all.GetChildren()
            .Where(other =>
                !other.Key.Equals(section, StringComparison.OrdinalIgnoreCase) && NearestKey.Of(other.Key, [section]) is not null
            );
        foreach (var key in near.SelectMany(other => other.GetChildren()).Where(key => SectionKeys.IsKey(typeof(TOptions), key.Key)))
            SectionLog.Unknown(log, key.Path, $"Did you mean {section}:{key.Key}?");
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

internal static partial class SectionLog
{
    // The value is left out, because it may be a secret.
    [LoggerMessage(101, LogLevel.Warning, "{Key} in the configuration is not known, and is ignored. {Advice}")]
    public static partial void Unknown(ILogger logger, string key, string advice);
}
