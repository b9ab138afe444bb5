using Overnight.Api.Pages.Layout;

namespace Overnight.Api.Pages.Operations;

/// <summary>Text in pictures.</summary>
internal static class SvgText
{
    /// <summary>Hours below or above lanes; the script writes them in the reader's time zone.</summary>
    public static string Ticks(IReadOnlyList<LaneTick> ticks) =>
        string.Concat(
            ticks.Select(
                (tick, at) =>
                    $"<text class=\"{(at == 0 ? "tick first" : "tick")}\" x=\"{tick.At}%\" y=\"12\" data-clock=\"{tick.Iso}\">{SvgMarkup.Encode(tick.Text)}</text>"
            )
        );

    /// <summary>Texts at equal distances from one end to the other.</summary>
    public static string Scale(IReadOnlyList<string> texts) =>
        string.Concat(
            texts.Select(
                (text, at) =>
                {
                    var side =
                        at == 0 ? " first"
                        : at == texts.Count - 1 ? " end"
                        : at % 2 == 1 ? " odd"
                        : "";
                    var place = OperationsFormats.Place(100d * at / (texts.Count - 1));
                    return $"<text class=\"tick{side}\" x=\"{place}%\" y=\"12\">{SvgMarkup.Encode(text)}</text>";
                }
            )
        );
}
