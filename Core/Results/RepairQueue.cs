using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Options;
using Overnight.Core.Caching;

namespace Overnight.Core.Results;

/// <summary>
/// Users whose cache entries are to be written back: bounded, each once. What does not fit is dropped, for the next miss asks again.
/// </summary>
public sealed class RepairQueue(CacheCircuit circuit, IOptions<CacheOptions> options, CacheTelemetry telemetry)
{
    private readonly Channel<Guid> _queue = Channel.CreateBounded<Guid>(
        new BoundedChannelOptions(options.Value.RepairQueue) { SingleReader = true }
    );
    private readonly ConcurrentDictionary<Guid, byte> _waiting = new();

    /// <returns>Whether a repair of this user is waiting now.</returns>
    public bool Enqueue(Guid userId)
    {
        if (!circuit.IsOpen)
        {
            if (!_waiting.TryAdd(userId, 0))
                return true;
            if (_queue.Writer.TryWrite(userId))
                return true;
            _waiting.TryRemove(userId, out _);
        }
        telemetry.Repaired(RepairOutcome.Dropped);
        return false;
    }

    /// <summary>The next user, who may be enqueued again from now on: a miss during the repair may need another.</summary>
    public async ValueTask<Guid> DequeueAsync(CancellationToken ct)
    {
        var userId = await _queue.Reader.ReadAsync(ct);
        _waiting.TryRemove(userId, out _);
        return userId;
    }
}
