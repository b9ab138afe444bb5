using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Globalization;
using Microsoft.Net.Http.Headers;

namespace Overnight.Api.Pages.Display;

/// <summary>A culture that the display form offers.</summary>
/// <param name="Name">As in Accept-Language, such as <c>de-DE</c>.</param>
/// <param name="Label">A number and a date in its forms, and its name.</param>
public sealed record DisplayCulture(string Name, string Label);

/// <summary>
/// The cultures of this machine: the visitor's choice, else the first of Accept-Language that is known. Without ICU there are none, and
/// everything is shown in the international forms.
/// </summary>
internal sealed class DisplayCultures
{
    private static readonly string[] Usual =
    [
        "en-US",
        "en-GB",
        "de-DE",
        "de-CH",
        "fr-FR",
        "es-ES",
        "it-IT",
        "nl-NL",
        "pt-BR",
        "pl-PL",
        "sv-SE",
        "en-IN",
        "ja-JP",
    ];

    private readonly FrozenSet<string> _known;
    private readonly ConcurrentDictionary<string, DisplayFormats> _formats = new(StringComparer.OrdinalIgnoreCase);

    // In invariant mode the only culture is the invariant one, whose name is empty.
    public DisplayCultures()
        : this(CultureInfo.GetCultures(CultureTypes.AllCultures).Select(culture => culture.Name).Where(name => name.Length > 0)) { }

    /// <param name="known">Names of the machine's cultures.</param>
    internal DisplayCultures(IEnumerable<string> known)
    {
        _known = known.ToFrozenSet(StringComparer.OrdinalIgnoreCase);
        Offered = [.. Usual.Where(_known.Contains).Select(Offer)];
    }

    /// <summary>Whether the machine has ICU.</summary>
    public bool IsAny => _known.Count > 0;

    public IReadOnlyList<DisplayCulture> Offered { get; }

    public DisplayFormats Of(HttpRequest request)
    {
        if (DisplayChoice.Of(request).Culture is { Length: > 0 } chosen && Find(chosen) is { } own)
            return own;
        var header = request.Headers.AcceptLanguage;
        if (header.Count == 0 || !StringWithQualityHeaderValue.TryParseList([.. header.OfType<string>()], out var languages))
            return DisplayFormats.International;
        return languages
            .Where(language => language.Quality is not 0)
            .OrderByDescending(language => language.Quality ?? 1)
            .Take(MostLanguages)
            .Select(language => Find($"{language.Value}"))
            .FirstOrDefault(formats => formats is not null)
            ?? DisplayFormats.International;
    }

    public bool IsOffered(string name) => Offered.Any(culture => culture.Name == name);

    private DisplayFormats? Find(string name)
    {
        if (_formats.TryGetValue(name, out var formats))
            return formats;
        if (!_known.Contains(name))
            return null;
        // A language alone, such as "de", has the forms of its largest country.
        var culture = CultureInfo.GetCultureInfo(name);
        return _formats.GetOrAdd(name, new DisplayFormats(culture.IsNeutralCulture ? CultureInfo.CreateSpecificCulture(name) : culture));
    }

    private DisplayCulture Offer(string name)
    {
        var formats = Find(name)!;
        return new(name, $"{formats.Number(1_234.56m, 2)} · {formats.Date(Example)} · {CultureInfo.GetCultureInfo(name).EnglishName}");
    }

    /// <summary>A day above 12, so that it can't be taken for a month.</summary>
    private static readonly DateTimeOffset Example = new(2026, 11, 30, 0, 0, 0, TimeSpan.Zero);

    private const int MostLanguages = 8;
}
