using Microsoft.Extensions.Options;
using Overnight.Core.Explanations;

namespace Overnight.Api.Explanations;

/// <summary>
/// Searches for what would have made a holding first, beside the threads of requests: few at once, each for a limited time.
/// </summary>
internal sealed class ExplanationSearches(IOptions<ExplanationOptions> options, TimeProvider time) : IDisposable
{
    /// <summary>Taken for each search; also by tests, to keep searches waiting.</summary>
    internal SemaphoreSlim Turns { get; } = new(options.Value.SearchesAtOnce);

    public TimeSpan Limit => options.Value.SearchTimeout;

    /// <returns>Null when the search took too long.</returns>
    public async Task<CounterfactualsDocument?> FindAsync(CapturedResult result, int holding, CancellationToken ct)
    {
        using CancellationTokenSource limit = new(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            await Turns.WaitAsync(either.Token);
            try
            {
                return await Task.Run(() => CounterfactualsDocument.Find(result, holding, either.Token), either.Token);
            }
            finally
            {
                Turns.Release();
            }
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            // The explanation itself is there; only this part of it is not.
            return null;
        }
    }

    public void Dispose() => Turns.Dispose();
}
