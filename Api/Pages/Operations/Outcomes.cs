namespace Overnight.Api.Pages.Operations;

/// <summary>
/// What a form did, told by the page that it leads to: the address has a word from here, so that a link of somebody else's can't make a
/// page say anything else.
/// </summary>
internal static class Outcomes
{
    private static readonly Dictionary<string, string> Sentences = new(StringComparer.Ordinal)
    {
        ["started"] = "The run was started.",
        ["joined"] = "This run was there already, so none was started.",
        ["retried"] = "The retry was started as a run of its own, this one.",
        ["nothing-failed"] = "Nothing of this run failed, so there was nothing to retry.",
        ["warmed"] = "The warm has ended; the sets below say how.",
        ["warming"] = "The warm is under way. Reload the page to see how it ends.",
        ["invalidated"] = "Invalidated: every node reads these entries again.",
        ["paused"] = "The schedule is paused. What is started by hand goes on.",
        ["resumed"] = "The schedule goes on; what was due meanwhile is caught up while it is of use.",
        ["not-paused"] = "The schedule was not paused, so there was nothing to resume.",
        ["redelivered"] = "The notice is sent to its targets again, with the same id, within seconds.",
        ["changed"] = "The flag was changed on every node.",
        ["unchanged"] = "The flag was like that already, so nothing was changed.",
        ["banned"] = "The user is banned, and every session of the user has ended.",
        ["unbanned"] = "The user may sign in again; sessions from before the ban stay ended.",
        ["session-ended"] = "The session has ended.",
        ["sessions-ended"] = "Every session of the user has ended.",
        ["keys-on"] = "Keyboard shortcuts are on in this browser.",
        ["keys-off"] = "Keyboard shortcuts are off in this browser.",
    };

    /// <returns>Null for no word, and for one that is not from here.</returns>
    public static string? Sentence(string? done) => done is null ? null : Sentences.GetValueOrDefault(done);

    /// <summary>The address of a page that then says what was done.</summary>
    public static string Of(string path, string done) => OperationsPaths.With(path, ("done", done));
}
