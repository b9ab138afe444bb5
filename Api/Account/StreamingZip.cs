using System.IO.Compression;

namespace Overnight.Api.Account;

/// <summary>
/// A ZIP that is sent as it is written. The framework's archive writes some of its bytes synchronously, which a server's response refuses,
/// so they go through memory: <see cref="SendAsync"/> sends what was written since the last time.
/// </summary>
internal sealed class StreamingZip : Stream
{
    private readonly MemoryStream _unsent = new();
    private readonly ZipArchive _zip;
    private readonly Stream _to;
    private readonly DateTimeOffset _at;

    /// <param name="to">The response.</param>
    /// <param name="at">Time of the files.</param>
    public StreamingZip(Stream to, DateTimeOffset at)
    {
        (_to, _at) = (to, at);
        _zip = new(this, ZipArchiveMode.Create, leaveOpen: true);
    }

    /// <summary>Opens a file, to be closed before the next.</summary>
    public Stream Open(string name)
    {
        var entry = _zip.CreateEntry(name, CompressionLevel.Fastest);
        entry.LastWriteTime = _at;
        return entry.Open();
    }

    /// <summary>Adds a whole file, and sends it.</summary>
    public async Task AddAsync(string name, byte[] bytes, CancellationToken ct)
    {
        await using (var file = Open(name))
            await file.WriteAsync(bytes, ct);
        await SendAsync(ct);
    }

    public async Task SendAsync(CancellationToken ct)
    {
        await _to.WriteAsync(_unsent.GetBuffer().AsMemory(0, (int)_unsent.Length), ct);
        _unsent.SetLength(0);
    }

    /// <summary>Sends the directory, without which what was sent is no ZIP.</summary>
    public async Task CompleteAsync(CancellationToken ct)
    {
        _zip.Dispose();
        await SendAsync(ct);
    }

    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Write(byte[] buffer, int offset, int count) => _unsent.Write(buffer, offset, count);

    public override void Write(ReadOnlySpan<byte> buffer) => _unsent.Write(buffer);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        _unsent.Write(buffer, offset, count);
        return Task.CompletedTask;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _unsent.Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override void Flush() { }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _unsent.Dispose();
        base.Dispose(disposing);
    }
}
