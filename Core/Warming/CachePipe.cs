using System.Net.Sockets;
using System.Text;
using Overnight.Core.Caching;
using StackExchange.Redis;

namespace Overnight.Core.Warming;

/// <summary>
/// A connection to the cache server that only writes, for values by the thousand: commands go out in large pieces, and the
/// answers, a few bytes each, are counted when all is sent. The client library, made for questions, allocates and
/// completes a task for every one of them. Not thread-safe.
/// </summary>
internal sealed class CachePipe : IDisposable
{
    private const int PieceLength = 128 * 1024;

    private readonly Socket _socket;
    private readonly byte[] _answers = new byte[4096];
    private readonly CommandBuffer _commands = new(2 * PieceLength);
    private int _unanswered;

    private CachePipe(Socket socket) => _socket = socket;

    /// <exception cref="CacheWriteException">The server can't be reached or refuses the credentials.</exception>
    public static async Task<CachePipe> ConnectAsync(ConfigurationOptions options, CancellationToken ct)
    {
        try
        {
            CachePipe pipe = new(await PlainServer.ConnectAsync(options, ct).ConfigureAwait(false));
            foreach (var command in PlainServer.Greeting(options))
            {
                pipe.Begin(command.Length);
                foreach (var argument in command)
                    pipe._commands.Argument(argument);
            }
            try
            {
                return await pipe.FlushAsync(ct).ConfigureAwait(false) is { First: { } refused }
                    ? throw new CacheWriteException($"The cache refused the connection: {refused}")
                    : pipe;
            }
            catch
            {
                pipe.Dispose();
                throw;
            }
        }
        catch (SocketException exception)
        {
            throw new CacheWriteException(exception.Message, exception);
        }
    }

    /// <summary>Adds <c>SET key value PX milliseconds</c>; what fills a piece is sent.</summary>
    /// <param name="onlyAbsent">Leaves what is there, which is no refusal.</param>
    /// <exception cref="CacheWriteException">The connection is broken.</exception>
    public ValueTask SetAsync(CacheWrite entry, bool onlyAbsent, CancellationToken ct)
    {
        Begin(onlyAbsent ? 6 : 5);
        _commands.Argument("SET"u8);
        _commands.Argument(entry.Key);
        _commands.Argument(entry.Value);
        _commands.Argument("PX"u8);
        _commands.Argument((long)entry.Ttl.TotalMilliseconds);
        if (onlyAbsent)
            _commands.Argument("NX"u8);
        return FullAsync(ct);
    }

    /// <summary>Adds <c>DEL key</c>; what fills a piece is sent.</summary>
    /// <exception cref="CacheWriteException">The connection is broken.</exception>
    public ValueTask DeleteAsync(string key, CancellationToken ct)
    {
        Begin(2);
        _commands.Argument("DEL"u8);
        _commands.Argument(key);
        return FullAsync(ct);
    }

    /// <summary>Sends the rest and waits for every answer.</summary>
    /// <exception cref="CacheWriteException">The connection is broken.</exception>
    public async Task<CacheRefusals> FlushAsync(CancellationToken ct)
    {
        await SendAsync(ct).ConfigureAwait(false);
        CacheRefusals refused = new();
        var kept = 0;
        while (_unanswered > 0)
        {
            var read = await ReceiveAsync(_answers.AsMemory(kept), ct).ConfigureAwait(false);
            kept = Count(_answers.AsSpan(0, kept + read), ref refused);
        }
        return refused;
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>Counts whole lines, and moves what is left of the last to the front.</summary>
    /// <returns>How much that is.</returns>
    private int Count(Span<byte> answers, ref CacheRefusals refused)
    {
        var rest = answers;
        while (rest.IndexOf((byte)'\n') is >= 0 and var end)
        {
            if (rest[0] == '-')
                refused = refused.With(Encoding.UTF8.GetString(rest[1..end].TrimEnd((byte)'\r')));
            _unanswered--;
            rest = rest[(end + 1)..];
        }
        if (rest.Length == _answers.Length)
            throw new CacheWriteException("The cache answered something else than Redis does.");
        rest.CopyTo(_answers);
        return rest.Length;
    }

    private ValueTask FullAsync(CancellationToken ct) => _commands.Length < PieceLength ? ValueTask.CompletedTask : SendAsync(ct);

    private void Begin(int arguments)
    {
        _commands.Begin(arguments);
        _unanswered++;
    }

    private async ValueTask SendAsync(CancellationToken ct)
    {
        try
        {
            for (var rest = _commands.Written; rest.Length > 0; )
                rest = rest[await _socket.SendAsync(rest, ct).ConfigureAwait(false)..];
            _commands.Clear();
        }
        catch (SocketException exception)
        {
            throw new CacheWriteException(exception.Message, exception);
        }
    }

    private async ValueTask<int> ReceiveAsync(Memory<byte> space, CancellationToken ct)
    {
        try
        {
            var read = await _socket.ReceiveAsync(space, ct).ConfigureAwait(false);
            return read > 0 ? read : throw new CacheWriteException("The cache closed the connection.");
        }
        catch (SocketException exception)
        {
            throw new CacheWriteException(exception.Message, exception);
        }
    }
}
