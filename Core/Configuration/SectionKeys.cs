using System.ComponentModel;
using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace Overnight.Core;

/// <summary>
/// Compares a section of the configuration with the options it is bound to, and finds values that can't be parsed as their type and keys
/// that no option has.
/// </summary>
internal sealed class SectionKeys
{
    private SectionKeys() { }

    /// <summary>Full keys whose values can't be parsed, the rule for each, and its value.</summary>
    public List<(string Key, string Must, string? Value)> Unreadable { get; } = [];

    /// <summary>Full keys that no option has, and the known keys of the same group.</summary>
    public List<(string Key, IReadOnlyList<string> Known)> Unknown { get; } = [];

    public static SectionKeys Read(IConfigurationSection section, Type options)
    {
        SectionKeys keys = new();
        keys.Visit(section, options, null);
        return keys;
    }

    public static bool IsKey(Type options, string key) =>
        ElementOf(options) is null && Properties(options).Exists(p => p.Name.Equals(key, StringComparison.OrdinalIgnoreCase));

    /// <summary>Binds the values that can be parsed. The binder would throw at the first other; validation reports them all.</summary>
    public static void Bind(IConfigurationSection section, object options)
    {
        var unreadable = Read(section, options.GetType()).Unreadable;
        if (unreadable.Count == 0)
        {
            section.Bind(options);
            return;
        }
        var skipped = unreadable.Select(value => value.Key[(section.Path.Length + 1)..]).ToHashSet(StringComparer.OrdinalIgnoreCase);
        new ConfigurationBuilder()
            .AddInMemoryCollection(section.AsEnumerable(makePathsRelative: true).Where(pair => !skipped.Contains(pair.Key)))
            .Build()
            .Bind(options);
    }

    private void Visit(IConfigurationSection section, Type type, BetweenAttribute? bounds)
    {
        if (IsValue(type))
        {
            if (section.Value is { } text && !CanRead(type, text))
                Unreadable.Add((section.Path, Must(Nullable.GetUnderlyingType(type) ?? type, bounds), text.Length == 0 ? "" : $"'{text}'"));
            foreach (var child in section.GetChildren())
                Unknown.Add((child.Path, [section.Path]));
            return;
        }
        if (!string.IsNullOrEmpty(section.Value))
        {
            var must = IsList(type) ? $"a list ({section.Path}:0, {section.Path}:1, ..)" : $"a group of keys ({section.Path}:..)";
            Unreadable.Add((section.Path, must, $"'{section.Value}'"));
        }
        var element = ElementOf(type);
        var properties = element is null ? Properties(type) : [];
        foreach (var child in section.GetChildren())
        {
            if (element is not null)
                Visit(child, element, null);
            else if (properties.Find(p => p.Name.Equals(child.Key, StringComparison.OrdinalIgnoreCase)) is { } property)
                Visit(child, property.PropertyType, property.GetCustomAttribute<BetweenAttribute>());
            else
                Unknown.Add((child.Path, [.. properties.Select(p => $"{section.Path}:{p.Name}")]));
        }
    }

    /// <summary>The properties that configuration can set, and lists without a setter, to which the binder adds items.</summary>
    private static List<PropertyInfo> Properties(Type type) =>
        [
            .. type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
                .Where(p =>
                    p.GetIndexParameters().Length == 0 && (p.SetMethod is { IsPublic: true } || ElementOf(p.PropertyType) is not null)
                ),
        ];

    private static bool IsValue(Type type) =>
        type == typeof(string) || (ElementOf(type) is null && TypeDescriptor.GetConverter(type).CanConvertFrom(typeof(string)));

    private static bool IsList(Type type) => ElementOf(type) is not null && Implemented(type, typeof(IDictionary<,>)) is null;

    /// <returns>The type of a list's items or a dictionary's values; null for any other type.</returns>
    private static Type? ElementOf(Type type) =>
        type == typeof(string) ? null
        : type.IsArray ? type.GetElementType()
        : (Implemented(type, typeof(IDictionary<,>)) ?? Implemented(type, typeof(ICollection<>)))?.GetGenericArguments()[^1];

    private static Type? Implemented(Type type, Type generic) =>
        type.GetInterfaces().Prepend(type).FirstOrDefault(i => i.IsGenericType && i.GetGenericTypeDefinition() == generic);

    private static bool CanRead(Type type, string text)
    {
        // The binder reads an empty text as null for an option that may be null.
        if (Nullable.GetUnderlyingType(type) is { } inner)
            return text.Length == 0 || CanRead(inner, text);
        try
        {
            var value = TypeDescriptor.GetConverter(type).ConvertFromInvariantString(text);
            return !type.IsEnum || Enum.IsDefined(type, value!);
        }
        catch (Exception)
        {
            // Converters throw exceptions of any type. Their messages are not used, because the error names key, rule and value.
            return false;
        }
    }

    private static string Must(Type type, BetweenAttribute? bounds)
    {
        if (type == typeof(bool))
            return "true or false";
        if (type.IsEnum)
            return string.Join(" or ", Enum.GetNames(type));
        var must =
            type == typeof(TimeSpan) ? "a duration (hh:mm:ss, or days.hh:mm:ss)"
            : type == typeof(int) || type == typeof(long) ? "a whole number"
            : type == typeof(decimal) || type == typeof(double) ? "a number"
            : type == typeof(Guid) ? "an id (8-4-4-4-12 hexadecimal digits)"
            : $"a {type.Name}";
        return bounds?.As(type) is { } limits ? $"{must} {OptionRules.Bounds(limits.Least, limits.Most)}" : must;
    }
}
