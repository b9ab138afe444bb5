using System.CommandLine;

namespace Overnight.Benchmarks.Pages;

/// <summary><c>contact-sheet</c>: every page in every named state, in one picture per theme, to look at after a change.</summary>
internal static class ContactSheetCommand
{
    public static Command Create()
    {
        Option<DirectoryInfo?> output = new("--output")
        {
            Description = "Folder for the pictures; a temporary one, which is printed, when left out.",
        };
        Option<string?> only = new("--only") { Description = "Part of the names of the states to show; all when left out." };
        Command command = new(
            "contact-sheet",
            "Renders every page in every named state, wide and narrow, into one picture per theme, with each picture alone beside it. No measurement."
        )
        {
            output,
            only,
        };
        command.SetAction((parsed, ct) => ContactSheet.RunAsync(parsed.GetValue(output)?.FullName, parsed.GetValue(only), ct));
        return command;
    }
}
