using Npgsql;

namespace Overnight.Core.Data;

/// <summary>
/// Writes rows for <c>copy .. from stdin (format binary)</c>, through a buffer that is reused and sent when it is half full.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class CopyWriter() : CopyBuffer(256 * 1024)
{
    private static readonly byte[] Header = [.. "PGCOPY\n"u8, 0xff, .. "\r\n"u8, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    private Stream? _stream;

    /// <param name="target">Table and columns, as <c>events (a, b)</c>.</param>
    public async Task BeginAsync(NpgsqlConnection connection, string target, CancellationToken ct)
    {
        _stream = await connection.BeginRawBinaryCopyAsync($"copy {target} from stdin (format binary)", ct);
        Clear();
        Raw(Header);
    }

    /// <summary>Begins a row, and sends the buffer when it is half full.</summary>
    public ValueTask RowAsync(short columns, CancellationToken ct)
    {
        var sending = IsHalfFull ? SendAsync(ct) : ValueTask.CompletedTask;
        if (!sending.IsCompletedSuccessfully)
            return AfterAsync(sending, columns);
        Begin(columns);
        return ValueTask.CompletedTask;
    }

    /// <summary>Ends the copy; PostgreSQL checks the rows only now.</summary>
    public async Task CompleteAsync(CancellationToken ct)
    {
        Int16(-1);
        await SendAsync(ct);
        await _stream!.DisposeAsync();
        _stream = null;
    }

    private async ValueTask AfterAsync(ValueTask sending, short columns)
    {
        await sending;
        Begin(columns);
    }

    private async ValueTask SendAsync(CancellationToken ct)
    {
        await _stream!.WriteAsync(Written, ct);
        Clear();
    }
}
