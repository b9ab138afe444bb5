using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Overnight.Core;

/// <summary>Options with rules that no bound says.</summary>
internal interface IValidatedOptions
{
    /// <param name="path">Before the names of its own keys.</param>
    void Check(OptionRules rules, string path);
}

/// <summary>
/// Holds options to the types and bounds that their properties declare, those of nested options as well, and to their further rules.
/// </summary>
/// <param name="configuration">Null for options that were not bound: then only they are looked at.</param>
/// <param name="logger">Null where nobody is to be told of keys that are not known.</param>
internal sealed class SectionValidator<TOptions>(
    string section,
    IConfiguration? configuration = null,
    ILogger? logger = null,
    bool refuseUnknown = false
) : IValidateOptions<TOptions>
    where TOptions : class
{
    // Options are made once for whoever validates them and once for whoever reads them.
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

    /// <summary>A mistyped section is another one: it is told by a key in it that is one of ours.</summary>
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
    // A value may be a secret, so only its key is told.
    [LoggerMessage(101, LogLevel.Warning, "{Key} in the configuration is not known, and is ignored. {Advice}")]
    public static partial void Unknown(ILogger logger, string key, string advice);
}
