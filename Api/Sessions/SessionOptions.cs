using Microsoft.Extensions.Options;

namespace Overnight.Api.Sessions;

/// <summary>How one signs in, and for how long.</summary>
internal sealed class SessionOptions
{
    public const string Section = "Sessions";

    /// <summary>From sign-in to expiry, however active the session is.</summary>
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How often activity is written back; a session is written once in it at most.</summary>
    public TimeSpan ActivityInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Tries to sign in that one e-mail address has in a window, on each node; they come back one by one.</summary>
    public int AttemptsPerEmail { get; set; } = 10;

    /// <summary>Likewise for a client's address; an office behind one address signs in with it.</summary>
    public int AttemptsPerAddress { get; set; } = 100;

    public TimeSpan AttemptWindow { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Passwords hashed side by side: a tenth of a second of a processor each, which other requests want too.</summary>
    public int HashesAtOnce { get; set; } = Math.Max(1, Environment.ProcessorCount / 2);
}

/// <summary>Collects every failure, naming the key, the bound and the value.</summary>
internal sealed class SessionOptionsValidator : IValidateOptions<SessionOptions>
{
    public ValidateOptionsResult Validate(string? name, SessionOptions options)
    {
        List<string> failures = [];
        Between(nameof(options.Lifetime), options.Lifetime, TimeSpan.FromMinutes(5), TimeSpan.FromDays(365));
        Between(nameof(options.ActivityInterval), options.ActivityInterval, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        Between(nameof(options.AttemptsPerEmail), options.AttemptsPerEmail, 1, 10_000);
        Between(nameof(options.AttemptsPerAddress), options.AttemptsPerAddress, 1, 1_000_000);
        Between(nameof(options.AttemptWindow), options.AttemptWindow, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
        Between(nameof(options.HashesAtOnce), options.HashesAtOnce, 1, 1_024);
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);

        void Between<T>(string key, T value, T least, T most) where T : IComparable<T>
        {
            if (value.CompareTo(least) >= 0 && value.CompareTo(most) <= 0) return;
            failures.Add($"{SessionOptions.Section}:{key} must be between {least} and {most}, and is {value}.");
        }
    }
}
