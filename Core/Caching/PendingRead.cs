using System.Threading.Tasks.Sources;

namespace Overnight.Core.Caching;

/// <summary>A question that waits for its answer.</summary>
internal sealed class PendingRead(long askedAt) : IValueTaskSource<byte[]?>
{
    // Whoever waits goes on at once, on the thread that takes answers: it costs less than another thread's turn, and none
    // of them blocks.
    private ManualResetValueTaskSourceCore<byte[]?> _core = new() { RunContinuationsAsynchronously = false };

    /// <summary>A timestamp of the time provider.</summary>
    public long AskedAt { get; } = askedAt;

    public ValueTask<byte[]?> Task => new(this, _core.Version);

    public void Done(byte[]? value) => _core.SetResult(value);

    public void Failed(Exception exception) => _core.SetException(exception);

    byte[]? IValueTaskSource<byte[]?>.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<byte[]?>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<byte[]?>.OnCompleted(
        Action<object?> continuation,
        object? state,
        short token,
        ValueTaskSourceOnCompletedFlags flags
    ) => _core.OnCompleted(continuation, state, token, flags);
}

/// <summary>The server answered with an error.</summary>
internal sealed class CacheReplyException(string message) : Exception(message);
