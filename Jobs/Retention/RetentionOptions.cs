using Microsoft.Extensions.Options;
using Overnight.Core;

namespace Overnight.Jobs.Retention;

/// <summary>How long history is kept, and how the daily work on it behaves beside a night.</summary>
internal sealed class RetentionOptions
{
    public const string Section = "Retention";

    /// <summary>Whole months kept before the current one.</summary>
    public int Months { get; set; } = 24;

    /// <summary>Months made ahead, beside the current one.</summary>
    public int MonthsAhead { get; set; } = 2;

    /// <summary>Notes of attempts at batches are of use while a run can still go wrong, and some days for whoever looks into it.</summary>
    public TimeSpan Attempts { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Sessions past their expiry; until then they say how recently a user was active.</summary>
    public TimeSpan Sessions { get; set; } = TimeSpan.FromDays(30);

    public TimeSpan Interval { get; set; } = TimeSpan.FromDays(1);

    /// <summary>When to try again what somebody's lock put off.</summary>
    public TimeSpan RetryInterval { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long to wait for a lock. Nobody waits behind it meanwhile, but a stuck transaction must not hold this work for ever.</summary>
    public TimeSpan LockTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Rows of a small table deleted per transaction.</summary>
    public int DeleteRows { get; set; } = 1_000;
}

/// <summary>Collects every failure, naming the key, the bound and the value.</summary>
internal sealed class RetentionOptionsValidator : IValidateOptions<RetentionOptions>
{
    public ValidateOptionsResult Validate(string? name, RetentionOptions options)
    {
        OptionRules rules = new(RetentionOptions.Section);
        rules.Between(nameof(options.Months), options.Months, 1, 1_200);
        rules.Between(nameof(options.MonthsAhead), options.MonthsAhead, 2, 24);
        rules.Between(nameof(options.Attempts), options.Attempts, TimeSpan.FromHours(1), TimeSpan.FromDays(731));
        rules.Between(nameof(options.Sessions), options.Sessions, TimeSpan.FromHours(1), TimeSpan.FromDays(731));
        rules.Between(nameof(options.Interval), options.Interval, TimeSpan.FromMinutes(1), TimeSpan.FromDays(7));
        rules.Between(nameof(options.RetryInterval), options.RetryInterval, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
        rules.Between(nameof(options.LockTimeout), options.LockTimeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(5));
        rules.Between(nameof(options.DeleteRows), options.DeleteRows, 1, 100_000);
        return rules.Result();
    }
}
