using System.Text.Encodings.Web;

namespace Overnight.Api.Pages.Layout;

/// <summary>
/// Razor takes SVG's <c>text</c> for a directive of its own, so these elements are written as markup, with every text in them encoded.
/// </summary>
internal static class SvgMarkup
{
    public static string Encode(string text) => HtmlEncoder.Default.Encode(text);
}
