namespace Overnight.Jobs.Pipeline;

/// <summary>Sums over the batches of a run; times are in milliseconds.</summary>
internal sealed record RunTotals(
    long Pending,
    long Processed,
    long Failed,
    long AssetsScored,
    long Recommendations,
    long Batches,
    long Uncached,
    long UsersCached,
    double ProcessMs,
    double CacheMs,
    double WorkMs,
    long Split,
    double FinaliseMs
);
