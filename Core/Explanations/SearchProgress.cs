namespace Overnight.Core.Explanations;

/// <summary>Counts what a search tries, and ends it when it is cancelled. Not thread-safe.</summary>
internal sealed class SearchProgress(CancellationToken ct)
{
    /// <summary>Stretches and steps looked at so far.</summary>
    public long Tried { get; private set; }

    /// <exception cref="OperationCanceledException">The search was cancelled.</exception>
    public void Try()
    {
        ct.ThrowIfCancellationRequested();
        Tried++;
    }
}
