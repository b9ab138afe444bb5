namespace Overnight.Benchmarks.Kill;

/// <summary>One kill.</summary>
/// <param name="At">When the signal was sent.</param>
/// <param name="Gone">When the process, with all it had started, was seen to have ended.</param>
/// <param name="Resume">From the signal, through the start of the process, until a batch that began after it was done. Seconds.</param>
internal sealed record KillTimes(DateTimeOffset At, DateTimeOffset Gone, double Resume);

/// <summary>
/// Work that a kill undid: batches begun and begun again, and how long they had been worked on, in seconds summed over workers.
/// </summary>
internal readonly record struct RepeatedWork(int Batches, double Seconds);

/// <summary>A night and what its kills cost.</summary>
/// <param name="Repeated">For each kill.</param>
/// <param name="Recomputed">Batches that were done, and then were not or were done again.</param>
internal sealed record KilledRun(IReadOnlyList<KillTimes> Kills, IReadOnlyList<RepeatedWork> Repeated, int Recomputed, RunDefects Defects);
