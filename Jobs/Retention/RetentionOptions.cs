using Overnight.Core;

namespace Overnight.Jobs.Retention;

/// <summary>How long history is kept, and limits of the daily work on it, which may coincide with a run.</summary>
internal sealed class RetentionOptions
{
    public const string Section = "Retention";

    /// <summary>Whole months kept before the current one.</summary>
    [Between(1, 1_200)]
    public int Months { get; set; } = 24;

    /// <summary>Months made ahead, beside the current one.</summary>
    [Between(2, 24)]
    public int MonthsAhead { get; set; } = 2;

    /// <summary>How long attempts at batches are kept after their run has finished, to look into failures.</summary>
    [Between("01:00:00", "731.00:00:00")]
    public TimeSpan Attempts { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How long sessions are kept after they expired, since they show how recently a user was active.</summary>
    [Between("01:00:00", "731.00:00:00")]
    public TimeSpan Sessions { get; set; } = TimeSpan.FromDays(30);

    [Between("00:01:00", "7.00:00:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromDays(1);

    /// <summary>When to try again what a lock has put off.</summary>
    [Between("00:00:01", "1.00:00:00")]
    public TimeSpan RetryInterval { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How long to wait for a lock, so that a stuck transaction does not hold up retention for ever.
    /// </summary>
    [Between("00:00:00.010", "00:05:00")]
    public TimeSpan LockTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Rows of a small table deleted per transaction.</summary>
    [Between(1, 100_000)]
    public int DeleteRows { get; set; } = 1_000;
}
