using Microsoft.Extensions.Options;
using Overnight.Core;

namespace Overnight.Api.Sessions;

/// <summary>How one signs in, and for how long.</summary>
internal sealed class SessionOptions
{
    public const string Section = "Sessions";

    /// <summary>From sign-in to expiry, however active the session is.</summary>
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromDays(7);

    /// <summary>
    /// How often activity is written back; a session is written once in it at most. A write costs PostgreSQL some 50 µs, and
    /// who opens the dashboard does more than one thing there.
    /// </summary>
    public TimeSpan ActivityInterval { get; set; } = TimeSpan.FromMinutes(5);

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
        OptionRules rules = new(SessionOptions.Section);
        rules.Between(nameof(options.Lifetime), options.Lifetime, TimeSpan.FromMinutes(5), TimeSpan.FromDays(365));
        rules.Between(nameof(options.ActivityInterval), options.ActivityInterval, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        rules.Between(nameof(options.AttemptsPerEmail), options.AttemptsPerEmail, 1, 10_000);
        rules.Between(nameof(options.AttemptsPerAddress), options.AttemptsPerAddress, 1, 1_000_000);
        rules.Between(nameof(options.AttemptWindow), options.AttemptWindow, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
        rules.Between(nameof(options.HashesAtOnce), options.HashesAtOnce, 1, 1_024);
        return rules.Result();
    }
}
