using System.Buffers;
using System.Text;

namespace Overnight.Api.Pages;

/// <summary>A rented buffer that grows and takes text as UTF-8.</summary>
internal sealed class PageBuffer : TextWriter
{
    /// <summary>Bytes; most pages fit.</summary>
    private const int Usual = 64 * 1024;

    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(Usual);

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    public override Encoding Encoding => Encoding.UTF8;

    // Markup is written in many small pieces, most of them a quote or a bracket.
    public override void Write(char value)
    {
        if (!char.IsAscii(value))
        {
            Write([value]);
            return;
        }
        if (Length == _bytes.Length)
            Grow(1);
        _bytes[Length++] = (byte)value;
    }

    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    public override void Write(string? value) => Write(value.AsSpan());

    public override void Write(ReadOnlySpan<char> buffer)
    {
        int written;
        while (!Encoding.UTF8.TryGetBytes(buffer, _bytes.AsSpan(Length), out written))
            Grow(Encoding.UTF8.GetMaxByteCount(buffer.Length));
        Length += written;
    }

    protected override void Dispose(bool disposing)
    {
        if (Interlocked.Exchange(ref _bytes, []) is { Length: > 0 } rented)
            ArrayPool<byte>.Shared.Return(rented);
        base.Dispose(disposing);
    }

    private void Grow(int by)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_bytes.Length * 2, Length + by));
        _bytes.AsSpan(0, Length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
