using System.Text.RegularExpressions;

namespace Overnight.Core.Warming;

/// <summary>
/// A template such as <c>shop:price:{tenant_id}:{sku}</c>: a prefix, then columns in braces, whose values are percent-encoded, so that
/// none can forge another key.
/// </summary>
public sealed partial class KeyTemplate
{
    /// <summary>Prefixes of keys that the product itself writes.</summary>
    public static readonly IReadOnlyList<string> Reserved =
    [
        "recs",
        "portfolio",
        "session",
        "sign-in",
        "feature_flags",
        "overnight",
        "finance",
        "sales",
        "procurement",
        "inventory",
        "wms",
        "manufacturing",
        "equipment",
    ];

    /// <summary>Longest key, in characters.</summary>
    public const int MostLength = 512;

    private readonly string[] _literals;

    private KeyTemplate(string[] literals, string[] columns) => (_literals, Columns) = (literals, columns);

    /// <summary>The columns in the template, in order.</summary>
    public IReadOnlyList<string> Columns { get; }

    /// <exception cref="FormatException">The text is no such template, or its prefix is reserved; the message says what is allowed.
    /// </exception>
    public static KeyTemplate Parse(string? text)
    {
        if (text is null || !Form().IsMatch(text))
            throw new FormatException(
                "must be a prefix of lowercase letters, digits, _ and -, a colon, then text without blanks and columns in braces, such as shop:price:{sku}"
            );
        var prefix = text[..text.IndexOf(':', StringComparison.Ordinal)];
        if (Reserved.Contains(prefix))
            throw new FormatException($"must not begin with {prefix}:, because the prefixes {string.Join(", ", Reserved)} are reserved");
        return new(
            [.. Column().Split(text).Where((_, at) => at % 2 == 0)],
            [.. Column().Matches(text).Select(match => match.Groups[1].Value)]
        );
    }

    /// <param name="values">Values of <see cref="Columns"/>, as PostgreSQL writes them as text.</param>
    /// <exception cref="FormatException">A value is missing, or the key is too long.</exception>
    public string Build(ReadOnlySpan<string?> values)
    {
        var key = _literals[0];
        for (var at = 0; at < values.Length; at++)
        {
            if (values[at] is not { } value)
                throw new FormatException($"column {Columns[at]} is null");
            if (value.Length > MostLength)
                throw new FormatException($"column {Columns[at]} has more than {MostLength} characters, the limit for a key");
            key += Uri.EscapeDataString(value) + _literals[at + 1];
        }
        return key.Length <= MostLength
            ? key
            : throw new FormatException($"its key has {key.Length} characters; the limit is {MostLength}");
    }

    [GeneratedRegex(@"\A[a-z][a-z0-9_-]{0,40}:(?:[A-Za-z0-9_.:-]|\{[a-z_][a-z0-9_]*\})+\z")]
    private static partial Regex Form();

    [GeneratedRegex(@"\{([a-z_][a-z0-9_]*)\}")]
    private static partial Regex Column();
}
