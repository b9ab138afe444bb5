using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;
using StackExchange.Redis;

namespace Overnight.Core.Warming;

/// <summary>
/// A connection to the cache server that only writes, for values by the thousand: commands go out in large pieces, and the
/// answers, a few bytes each, are counted when all is sent. The client library, made for questions, allocates and
/// completes a task for every one of them.
/// </summary>
/// <remarks>One server without TLS; for a cluster or TLS the client library writes. Not thread-safe. Form: the Redis serialization protocol, version 2.</remarks>
internal sealed class CachePipe : IDisposable
{
    private const int PieceLength = 128 * 1024;

    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _answers = new byte[4096];
    private byte[] _piece = new byte[2 * PieceLength];
    private int _length, _unanswered;

    /// <exception cref="CacheWriteException">The server can't be reached or refuses the credentials.</exception>
    public static async Task<CachePipe> ConnectAsync(ConfigurationOptions options, CancellationToken ct)
    {
        CachePipe pipe = new();
        try
        {
            await pipe._socket.ConnectAsync(options.EndPoints[0] is DnsEndPoint { Host: var host, Port: var port } ? new DnsEndPoint(host, port) : options.EndPoints[0], ct);
            if (!string.IsNullOrEmpty(options.Password)) pipe.Command("AUTH"u8, Encoding.UTF8.GetBytes(options.Password));
            if (options.DefaultDatabase is > 0 and var database) pipe.Command("SELECT"u8, Encoding.UTF8.GetBytes($"{database}"));
            await pipe.FlushAsync(ct);
            return pipe;
        }
        catch (Exception exception)
        {
            pipe.Dispose();
            if (exception is SocketException) throw new CacheWriteException(exception.Message, exception);
            throw;
        }
    }

    /// <summary>Adds <c>SETEX key seconds value</c>; what fills a piece is sent.</summary>
    /// <exception cref="CacheWriteException">The connection is broken.</exception>
    public ValueTask SetAsync(string key, TimeSpan ttl, ReadOnlySpan<byte> value, CancellationToken ct)
    {
        Begin(4);
        Argument("SETEX"u8);
        Span<byte> text = stackalloc byte[128];
        Argument(text[..Encoding.UTF8.GetBytes(key, text)]);
        Utf8Formatter.TryFormat((long)ttl.TotalSeconds, text, out var digits);
        Argument(text[..digits]);
        Argument(value);
        return _length < PieceLength ? ValueTask.CompletedTask : SendAsync(ct);
    }

    /// <summary>Sends the rest and waits for every answer.</summary>
    /// <exception cref="CacheWriteException">The connection is broken, or the server refused a command.</exception>
    public async Task FlushAsync(CancellationToken ct)
    {
        await SendAsync(ct);
        string? refused = null;
        var kept = 0;
        while (_unanswered > 0)
        {
            var read = await ReceiveAsync(_answers.AsMemory(kept), ct);
            kept = Count(_answers.AsSpan(0, kept + read), ref refused);
        }
        if (refused is not null) throw new CacheWriteException($"The cache refused a write: {refused}");
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>Counts whole lines, and moves what is left of the last to the front.</summary>
    /// <returns>How much that is.</returns>
    private int Count(Span<byte> answers, ref string? refused)
    {
        var rest = answers;
        while (rest.IndexOf((byte)'\n') is >= 0 and var end)
        {
            if (rest[0] != '+') refused ??= Encoding.UTF8.GetString(rest[1..end].TrimEnd((byte)'\r'));
            _unanswered--;
            rest = rest[(end + 1)..];
        }
        if (rest.Length == answers.Length && rest.Length == _answers.Length) throw new CacheWriteException("The cache answered something else than Redis does.");
        rest.CopyTo(_answers);
        return rest.Length;
    }

    private void Command(ReadOnlySpan<byte> name, ReadOnlySpan<byte> argument)
    {
        Begin(2);
        Argument(name);
        Argument(argument);
    }

    private void Begin(int arguments)
    {
        Number((byte)'*', arguments);
        _unanswered++;
    }

    private void Argument(ReadOnlySpan<byte> value)
    {
        Number((byte)'$', value.Length);
        var space = Reserve(value.Length + 2);
        value.CopyTo(space);
        "\r\n"u8.CopyTo(space[value.Length..]);
        _length += value.Length + 2;
    }

    private void Number(byte sign, int value)
    {
        var space = Reserve(16);
        space[0] = sign;
        Utf8Formatter.TryFormat(value, space[1..], out var digits);
        "\r\n"u8.CopyTo(space[(1 + digits)..]);
        _length += digits + 3;
    }

    private Span<byte> Reserve(int count)
    {
        if (_piece.Length - _length < count) Array.Resize(ref _piece, Math.Max(2 * _piece.Length, _length + count));
        return _piece.AsSpan(_length);
    }

    private async ValueTask SendAsync(CancellationToken ct)
    {
        try
        {
            for (var sent = 0; sent < _length;) sent += await _socket.SendAsync(_piece.AsMemory(sent, _length - sent), ct);
            _length = 0;
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
            var read = await _socket.ReceiveAsync(space, ct);
            return read > 0 ? read : throw new CacheWriteException("The cache closed the connection.");
        }
        catch (SocketException exception)
        {
            throw new CacheWriteException(exception.Message, exception);
        }
    }
}
