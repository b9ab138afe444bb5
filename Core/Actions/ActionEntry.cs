namespace Overnight.Core.Actions;

/// <summary>What the action log records.</summary>
public enum LoggedAction
{
    SignIn,
    SignInRefused,
    SessionEnded,
    PasswordSet,
    Ban,
    Unban,
    Run,
    Retry,
    Warm,
    Invalidate,
    FlagChange,
    Export,
    Pause,
    Resume,
    Redeliver,
    Erasure,
}

/// <summary>Names of actions in the database, in answers and in filters.</summary>
public static class LoggedActions
{
    public static IReadOnlyList<string> Names { get; } =
    [
        "sign-in",
        "sign-in-refused",
        "session-ended",
        "password-set",
        "ban",
        "unban",
        "run",
        "retry",
        "warm",
        "invalidate",
        "flag-change",
        "export",
        "pause",
        "resume",
        "redeliver",
        "erasure",
    ];

    public static string Name(this LoggedAction action) => Names[(int)action];
}

/// <summary>A row of the action log. Text in it names no person: <see cref="By"/> and <see cref="Subject"/> do.</summary>
/// <param name="By">Who did it.</param>
/// <param name="Action">What was done.</param>
/// <param name="Outcome">How it ended, in lowercase letters, hyphens and underscores, such as <c>started</c> or <c>joined</c>.</param>
public sealed record ActionEntry(Actor By, LoggedAction Action, string Outcome)
{
    /// <summary>The user that it was done to; null when it concerns no user.</summary>
    public Guid? Subject { get; init; }

    /// <summary>Id or key of what it was done to, such as a run or a flag; at most 200 characters.</summary>
    public string? Target { get; init; }

    /// <summary>Further facts, stored as JSON.</summary>
    public object? Detail { get; init; }
}
