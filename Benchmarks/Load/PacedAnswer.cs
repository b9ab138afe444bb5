using System.Diagnostics;
using Overnight.Benchmarks.Reporting;

namespace Overnight.Benchmarks.Load;

internal enum ReadKind
{
    Dashboard,
    Reference,
    Flag,
}

/// <param name="Sent">When, as <see cref="Stopwatch"/> has it.</param>
/// <param name="Ms">Until the answer was whole, or failed.</param>
/// <param name="FromCache">Whether a cache gave it, as the answer says.</param>
/// <param name="Error">Null for a status of 2xx.</param>
internal readonly record struct PacedAnswer(ReadKind Kind, long Sent, double Ms, bool FromCache, string? Error);

/// <summary>What answers say together.</summary>
internal static class PacedAnswers
{
    /// <returns>Milliseconds that this share of them did not exceed.</returns>
    public static double Percentile(this IEnumerable<PacedAnswer> answers, double share) =>
        answers.Select(answer => answer.Ms).Percentile(share);

    /// <returns>What this share of them did not exceed.</returns>
    public static double Percentile(this IEnumerable<double> times, double share)
    {
        var sorted = times.Order().ToArray();
        return sorted.Length > 0
            ? sorted[Math.Max(0, (int)Math.Ceiling(sorted.Length * share) - 1)]
            : throw new BenchmarkException("Nothing was answered; there is no figure.");
    }

    public static double HitRate(this IReadOnlyCollection<PacedAnswer> answers) =>
        answers.Count == 0 ? 0 : (double)answers.Count(answer => answer.FromCache) / answers.Count;
}
