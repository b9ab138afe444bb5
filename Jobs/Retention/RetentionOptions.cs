using Microsoft.Extensions.Options;

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
        List<string> failures = [];
        Between(nameof(options.Months), options.Months, 1, 1_200);
        Between(nameof(options.MonthsAhead), options.MonthsAhead, 2, 24);
        Between(nameof(options.Attempts), options.Attempts, TimeSpan.FromHours(1), TimeSpan.FromDays(731));
        Between(nameof(options.Sessions), options.Sessions, TimeSpan.FromHours(1), TimeSpan.FromDays(731));
        Between(nameof(options.Interval), options.Interval, TimeSpan.FromMinutes(1), TimeSpan.FromDays(7));
        Between(nameof(options.RetryInterval), options.RetryInterval, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
        Between(nameof(options.LockTimeout), options.LockTimeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(5));
        Between(nameof(options.DeleteRows), options.DeleteRows, 1, 100_000);
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);

        void Between<T>(string key, T value, T least, T most) where T : IComparable<T>
        {
            if (value.CompareTo(least) >= 0 && value.CompareTo(most) <= 0) return;
            failures.Add($"{RetentionOptions.Section}:{key} must be between {least} and {most}, and is {value}.");
        }
    }
}
