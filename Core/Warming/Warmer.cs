namespace Overnight.Core.Warming;

/// <summary>
/// Warms declared sets: phases in order, the sets of one phase concurrently. A failed set never stops another.
/// </summary>
public sealed class Warmer(IEnumerable<WarmSet> sets, ConfiguredWarmSets configured, SetWarmer warmer, TimeProvider time)
{
    /// <summary>Largest number of sets that are warmed concurrently; each takes two to four connections to PostgreSQL.</summary>
    private const int SetsAtOnce = 4;

    /// <summary>All declared sets, in the order of phases.</summary>
    public IReadOnlyList<WarmSet> Sets { get; } =
    [.. sets.Concat(configured.All).OrderBy(set => set.Declaration.Phase).ThenBy(set => set.Name, StringComparer.Ordinal)];

    /// <exception cref="KeyNotFoundException">There is no such set, or it is off; the message lists the sets.</exception>
    public IReadOnlyList<WarmSet> Find(IEnumerable<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        return
        [
            .. names
                .Distinct(StringComparer.Ordinal)
                .Select(name =>
                    Sets.FirstOrDefault(set => set.Name == name)
                    ?? throw new KeyNotFoundException(
                        configured.Off.Contains(name)
                            ? $"Warm set '{name}' is off: {configured.WhyOff}"
                            : $"There is no warm set '{name}'. Known: {string.Join(", ", Sets.Select(set => set.Name))}."
                    )
                ),
        ];
    }

    /// <summary>The named sets, or all when <paramref name="names"/> is null; with a tenant, only those that are per tenant.</summary>
    /// <exception cref="KeyNotFoundException">There is no such set, or it is not per tenant; the message lists those that are.</exception>
    public IReadOnlyList<WarmSet> Find(IEnumerable<string>? names, Guid? tenant)
    {
        var wanted = names is null ? Sets : Find(names);
        if (tenant is null)
            return wanted;
        if (names is not null && wanted.FirstOrDefault(set => !set.Declaration.IsPerTenant) is { } other)
        {
            throw new KeyNotFoundException(
                $"Warm set '{other.Name}' is not per tenant, so it can't be warmed for one tenant. Sets per tenant: {string.Join(", ", Sets.Where(set => set.Declaration.IsPerTenant).Select(set => set.Name))}."
            );
        }
        return [.. wanted.Where(set => set.Declaration.IsPerTenant)];
    }

    /// <exception cref="OperationCanceledException">The process stops.</exception>
    public async Task<WarmReport> WarmAsync(
        IReadOnlyCollection<WarmSet> wanted,
        WarmRequest request,
        IProgress<WarmSetProgress>? setProgress,
        CancellationToken ct
    )
    {
        ArgumentNullException.ThrowIfNull(wanted);
        ArgumentNullException.ThrowIfNull(request);
        using var span = WarmTelemetry.StartWarm(request.Trigger);
        var begin = time.GetTimestamp();
        var id = request.CorrelationId ?? Guid.CreateVersion7(time.GetUtcNow());
        List<WarmOutcome> outcomes = [];
        foreach (var phase in wanted.GroupBy(set => set.Declaration.Phase).OrderBy(phase => phase.Key))
        {
            using SemaphoreSlim turns = new(SetsAtOnce);
            outcomes.AddRange(await Task.WhenAll(phase.Select(set => WarmInTurnAsync(set, turns))));
        }
        WarmReport report = new(id, request.Trigger, time.GetElapsedTime(begin), outcomes);
        span?.SetTag("overnight.warm.entries", report.Warmed);
        return report;

        async Task<WarmOutcome> WarmInTurnAsync(WarmSet set, SemaphoreSlim turns)
        {
            // Not cancelled: when the process stops, the sets under way end soon, and each set must have an outcome.
            await turns.WaitAsync(CancellationToken.None);
            try
            {
                var left = request.TimeLimit - time.GetElapsedTime(begin);
                return left <= TimeSpan.Zero
                    ? new(set.Name, WarmStatus.Partial, 0, 0, TimeSpan.Zero, IsCutShort: true)
                    : await warmer.WarmAsync(set, request with { TimeLimit = left }, id, setProgress, ct);
            }
            finally
            {
                turns.Release();
            }
        }
    }
}
