using Overnight.Core;

namespace Overnight.Jobs.Pipeline;

/// <summary>Limits and intervals of runs.</summary>
internal sealed class RunOptions
{
    public const string Section = "Night";

    /// <summary>Users per batch: a checkpoint, and what a killed worker repeats at most.</summary>
    [Between(1, 5_000)]
    public int BatchSize { get; set; } = 1_000;

    /// <summary>
    /// Batches worked on at once by this process: one more than processors, so that others calculate while one waits for PostgreSQL's disk.
    /// </summary>
    [Between(1, 64)]
    public int Workers { get; set; } = Math.Min(64, Environment.ProcessorCount + 1);

    /// <summary>Times a batch may end its worker before it is split to find the user at fault.</summary>
    [Between(1, 10)]
    public int MaxAttempts { get; set; } = 3;

    /// <summary>How often to look for runs when no notification came.</summary>
    [Between("00:00:00.100", "00:10:00")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a night waits for a PostgreSQL that is away before it gives up; the service then looks for the unfinished run at every
    /// poll.
    /// </summary>
    [Between("00:00:00", "12:00:00")]
    public TimeSpan DatabaseBudget { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>After this long without a statement PostgreSQL drops a worker that froze, and its batch is free again.</summary>
    [Between("00:00:05", "01:00:00")]
    public TimeSpan IdleInTransactionTimeout { get; set; } = TimeSpan.FromSeconds(60);
}
