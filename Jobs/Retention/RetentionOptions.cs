using Overnight.Core;

namespace Overnight.Jobs.Retention;

/// <summary>How long history is kept, and how the daily work on it behaves beside a night.</summary>
internal sealed class RetentionOptions
{
    public const string Section = "Retention";

    /// <summary>Whole months kept before the current one.</summary>
    [Between(1, 1_200)]
    public int Months { get; set; } = 24;

    /// <summary>Months made ahead, beside the current one.</summary>
    [Between(2, 24)]
    public int MonthsAhead { get; set; } = 2;

    /// <summary>Notes of attempts at batches are of use while a run can still go wrong, and some days for whoever looks into it.</summary>
    [Between("01:00:00", "731.00:00:00")]
    public TimeSpan Attempts { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Sessions past their expiry; until then they say how recently a user was active.</summary>
    [Between("01:00:00", "731.00:00:00")]
    public TimeSpan Sessions { get; set; } = TimeSpan.FromDays(30);

    [Between("00:01:00", "7.00:00:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromDays(1);

    /// <summary>When to try again what somebody's lock put off.</summary>
    [Between("00:00:01", "1.00:00:00")]
    public TimeSpan RetryInterval { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How long to wait for a lock. Nobody waits behind it meanwhile, but a stuck transaction must not hold this work for ever.
    /// </summary>
    [Between("00:00:00.010", "00:05:00")]
    public TimeSpan LockTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Rows of a small table deleted per transaction.</summary>
    [Between(1, 100_000)]
    public int DeleteRows { get; set; } = 1_000;
}
