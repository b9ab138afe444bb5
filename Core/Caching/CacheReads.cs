using System.Buffers.Text;
using System.Net.Sockets;
using System.Text;
using StackExchange.Redis;

namespace Overnight.Core.Caching;

/// <summary>
/// One connection to the cache server over which many ask at once: questions that come while others are being sent go out
/// together, and answers come back in order. It is made for GET, which it does at a third of what the client library costs.
/// </summary>
internal sealed class CacheReads : IThreadPoolWorkItem, IDisposable
{
    private readonly Socket _socket;
    private readonly TimeProvider _time;
    private readonly TimeSpan _timeout;
    private readonly ITimer _watch;
    private readonly Lock _gate = new();
    private readonly Queue<PendingRead> _pending = new();
    private CommandBuffer _asking = new(16 * 1024),
        _spare = new(16 * 1024);
    private bool _sending;
    private Exception? _broken;

    private CacheReads(Socket socket, TimeSpan timeout, TimeProvider time)
    {
        (_socket, _timeout, _time) = (socket, timeout, time);
        _watch = time.CreateTimer(static reads => ((CacheReads)reads!).Watch(), this, timeout / 4, timeout / 4);
    }

    /// <summary>Nothing can be asked any more: connect anew.</summary>
    public bool IsBroken => Volatile.Read(ref _broken) is not null;

    /// <exception cref="SocketException">The server can't be reached.</exception>
    /// <exception cref="TimeoutException">It did not take the connection in time.</exception>
    public static async Task<CacheReads> ConnectAsync(ConfigurationOptions options, TimeSpan timeout, TimeProvider time)
    {
        using CancellationTokenSource limit = new(timeout, time);
        CacheReads reads;
        try
        {
            reads = new(await PlainServer.ConnectAsync(options, limit.Token).ConfigureAwait(false), timeout, time);
        }
        catch (OperationCanceledException exception)
        {
            throw new TimeoutException($"The cache took no connection within {timeout.TotalMilliseconds:F0} ms.", exception);
        }
        _ = reads.ReceiveAsync();
        try
        {
            foreach (var command in PlainServer.Greeting(options))
                await reads.AskAsync(command).ConfigureAwait(false);
            return reads;
        }
        catch
        {
            reads.Dispose();
            throw;
        }
    }

    /// <returns>The value; null when there is none.</returns>
    /// <exception cref="CacheReplyException">The server refused.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    /// <exception cref="TimeoutException">There was no answer in time.</exception>
    public ValueTask<byte[]?> GetAsync(string key)
    {
        lock (_gate)
        {
            var read = Begin(2);
            _asking.Argument("GET"u8);
            _asking.Argument(key);
            return read.Task;
        }
    }

    /// <summary>Any command that is answered by a value, a status or a number.</summary>
    /// <returns>The value; null when the answer is none.</returns>
    /// <inheritdoc cref="GetAsync" path="/exception"/>
    public ValueTask<byte[]?> AskAsync(IReadOnlyCollection<string> command)
    {
        lock (_gate)
        {
            var read = Begin(command.Count);
            foreach (var argument in command)
                _asking.Argument(argument);
            return read.Task;
        }
    }

    /// <summary>Sends what was asked; run by the thread pool, so that questions of one moment leave together.</summary>
    public async void Execute()
    {
        try
        {
            while (true)
            {
                CommandBuffer sending;
                lock (_gate)
                {
                    if (_asking.Length == 0)
                    {
                        _sending = false;
                        return;
                    }
                    (sending, _asking, _spare) = (_asking, _spare, _asking);
                }
                for (var rest = sending.Written; rest.Length > 0; )
                    rest = rest[await _socket.SendAsync(rest).ConfigureAwait(false)..];
                sending.Clear();
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Whoever waits is told.
            Break(exception);
        }
    }

    public void Dispose() => Break(new IOException("The connection to the cache was closed."));

    /// <summary>A question of so many arguments, to be added before the gate is let go: sending waits for it.</summary>
    private PendingRead Begin(int arguments)
    {
        if (_broken is { } broken)
            throw new IOException(broken.Message, broken);
        PendingRead read = new(_time.GetTimestamp());
        _asking.Begin(arguments);
        _pending.Enqueue(read);
        if (_sending)
            return read;
        _sending = true;
        // Behind what waits already, whose questions then leave together with these: half the work for both sides under load.
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        return read;
    }

    private async Task ReceiveAsync()
    {
        var buffer = new byte[64 * 1024];
        var length = 0;
        try
        {
            while (true)
            {
                if (length == buffer.Length)
                    Array.Resize(ref buffer, 2 * buffer.Length);
                var read = await _socket.ReceiveAsync(buffer.AsMemory(length)).ConfigureAwait(false);
                if (read == 0)
                    throw new IOException("The cache closed the connection.");
                length += read;
                var used = Take(buffer.AsSpan(0, length));
                buffer.AsSpan(used, length - used).CopyTo(buffer);
                length -= used;
            }
        }
        catch (Exception exception) when (exception is SocketException or IOException or ObjectDisposedException)
        {
            // Whoever waits is told.
            Break(exception);
        }
    }

    /// <summary>Hands out whole answers, in the order of the questions.</summary>
    /// <returns>How many bytes they had.</returns>
    private int Take(ReadOnlySpan<byte> received)
    {
        for (var at = 0; ; )
        {
            var rest = received[at..];
            var end = rest.IndexOf((byte)'\n');
            if (end < 1)
                return at;
            var line = rest[1..(end - 1)];
            if (rest[0] == '$')
            {
                if (!Utf8Parser.TryParse(line, out int size, out _))
                    throw new IOException("The cache answered something else than Redis does.");
                var total = end + 1 + (size < 0 ? 0 : size + 2);
                if (rest.Length < total)
                    return at;
                Next().Done(size < 0 ? null : Copy(rest.Slice(end + 1, size)));
                at += total;
                continue;
            }
            if (rest[0] == '-')
                Next().Failed(new CacheReplyException(Encoding.UTF8.GetString(line)));
            else if (rest[0] is (byte)'+' or (byte)':')
                Next().Done(null);
            else
                throw new IOException("The cache answered something else than Redis does.");
            at += end + 1;
        }
    }

    private static byte[] Copy(ReadOnlySpan<byte> value)
    {
        var copy = GC.AllocateUninitializedArray<byte>(value.Length);
        value.CopyTo(copy);
        return copy;
    }

    private PendingRead Next()
    {
        lock (_gate)
            return _pending.TryDequeue(out var read) ? read : throw new IOException("The cache answered what nobody asked.");
    }

    /// <summary>An answer that is late breaks the connection: what comes after it would be late as well.</summary>
    private void Watch()
    {
        lock (_gate)
        {
            if (!_pending.TryPeek(out var oldest) || _time.GetElapsedTime(oldest.AskedAt) < _timeout)
                return;
        }
        Break(new TimeoutException($"The cache did not answer within {_timeout.TotalMilliseconds:F0} ms."));
    }

    private void Break(Exception reason)
    {
        PendingRead[] waiting;
        lock (_gate)
        {
            if (_broken is not null)
                return;
            _broken = reason;
            waiting = [.. _pending];
            _pending.Clear();
        }
        _watch.Dispose();
        _socket.Dispose();
        foreach (var read in waiting)
            read.Failed(reason is TimeoutException ? reason : new IOException(reason.Message, reason));
    }
}
