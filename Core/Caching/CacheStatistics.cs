namespace Overnight.Core.Caching;

/// <summary>Counts what this process asked of the cache since it started. A count is one addition and allocates nothing.</summary>
public sealed class CacheStatistics
{
    private static readonly int Outcomes = Enum.GetValues<CacheOutcome>().Length;

    private readonly long[] _reads = new long[Enum.GetValues<CacheSet>().Length * Outcomes];
    private long _sets,
        _failedSets,
        _answers,
        _answerTicks;

    public void Read(CacheSet set, CacheOutcome outcome) => Interlocked.Increment(ref _reads[(int)set * Outcomes + (int)outcome]);

    /// <summary>How long reads of the cache server take.</summary>
    public ReadLatency Latency { get; } = new();

    /// <summary>Counts a value that the cache server returned.</summary>
    public void Answered(TimeSpan took)
    {
        Latency.Record(took);
        Interlocked.Increment(ref _answers);
        Interlocked.Add(ref _answerTicks, took.Ticks);
    }

    /// <param name="entries">Number of entries that were written together.</param>
    /// <param name="done">Whether the server confirmed the write.</param>
    public void Wrote(int entries, bool done) => Interlocked.Add(ref done ? ref _sets : ref _failedSets, entries);

    /// <summary>The figures since the start; <see cref="CacheFigures.Since"/> gives those of a period.</summary>
    public CacheFigures Take()
    {
        var reads = new long[_reads.Length];
        for (var i = 0; i < reads.Length; i++)
            reads[i] = Interlocked.Read(ref _reads[i]);
        return new(
            reads,
            Interlocked.Read(ref _sets),
            Interlocked.Read(ref _failedSets),
            Interlocked.Read(ref _answers),
            Interlocked.Read(ref _answerTicks)
        );
    }
}

/// <summary>Figures of a period, or since the start.</summary>
public sealed class CacheFigures
{
    private static readonly CacheOutcome[] Outcomes = Enum.GetValues<CacheOutcome>();

    private readonly long[] _reads;
    private readonly long _answers,
        _answerTicks;

    internal CacheFigures(long[] reads, long sets, long failedSets, long answers, long answerTicks) =>
        (_reads, Sets, FailedSets, _answers, _answerTicks) = (reads, sets, failedSets, answers, answerTicks);

    /// <summary>Number of entries written.</summary>
    public long Sets { get; }

    /// <summary>Number of entries that the server refused or did not confirm.</summary>
    public long FailedSets { get; }

    /// <summary>Mean time of the cache server's hits, without those of this node's memory; null without any.</summary>
    public TimeSpan? MeanHitTime => _answers == 0 ? null : TimeSpan.FromTicks(_answerTicks / _answers);

    /// <summary>Number of reads with an outcome, of one set or of all.</summary>
    public long Count(CacheOutcome outcome, CacheSet? set = null)
    {
        if (set is { } one)
            return _reads[(int)one * Outcomes.Length + (int)outcome];
        var count = 0L;
        for (var i = (int)outcome; i < _reads.Length; i += Outcomes.Length)
            count += _reads[i];
        return count;
    }

    /// <summary>Number of reads answered by the cache or by this node's memory.</summary>
    public long Hits(CacheSet? set = null) => Count(CacheOutcome.MemoryHit, set) + Count(CacheOutcome.Hit, set);

    /// <summary>Number of reads that found no entry, or none that could be used.</summary>
    public long Misses(CacheSet? set = null) =>
        Count(CacheOutcome.Miss, set) + Count(CacheOutcome.Damaged, set) + Count(CacheOutcome.Outdated, set);

    /// <summary>Number of reads and writes that failed, and of reads that were not tried because the circuit was open.</summary>
    public long Errors => Count(CacheOutcome.Error) + Count(CacheOutcome.Bypassed) + FailedSets;

    public long Operations => Hits() + Misses() + Errors + Sets;

    /// <summary>Hits divided by hits and misses, 0 to 1; null without any.</summary>
    public double? HitRate(CacheSet? set = null) => Hits(set) + Misses(set) is > 0 and var all ? (double)Hits(set) / all : null;

    /// <summary>Errors divided by all operations, 0 to 1; null without any.</summary>
    public double? ErrorRate => Operations is > 0 and var all ? (double)Errors / all : null;

    public CacheFigures Since(CacheFigures earlier)
    {
        ArgumentNullException.ThrowIfNull(earlier);
        return new(
            [.. _reads.Zip(earlier._reads, (now, then) => now - then)],
            Sets - earlier.Sets,
            FailedSets - earlier.FailedSets,
            _answers - earlier._answers,
            _answerTicks - earlier._answerTicks
        );
    }
}
