namespace Overnight.Api.Pages.Operations;

/// <summary>A question before something that can't be undone: the same form once more, with the answer in it.</summary>
/// <param name="Sentences">What will happen.</param>
/// <param name="Action">Where the form goes.</param>
/// <param name="Fields">The fields of the form that led here.</param>
/// <param name="Button">What is done, as a verb with its object.</param>
/// <param name="Back">Where to go instead.</param>
public sealed record AskViewModel(
    string Title,
    string Question,
    IReadOnlyList<string> Sentences,
    string Action,
    IReadOnlyList<(string Name, string Value)> Fields,
    string Button,
    string Back
)
{
    /// <summary>Whether a form has the answer.</summary>
    internal static bool IsSure(IFormCollection form) => form["sure"] == "yes";
}
