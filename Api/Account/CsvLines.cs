using System.Text;

namespace Overnight.Api.Account;

/// <summary>
/// Lines of CSV (RFC 4180) in UTF-8. Text that a spreadsheet would take for a formula gets an apostrophe in front; numbers, times and ids
/// stay as they are.
/// </summary>
internal sealed class CsvLines
{
    private const string Formula = "=+-@\t\r";

    private readonly StringBuilder _lines = new();
    private bool _isWithin;

    /// <summary>Adds a field of text that somebody wrote.</summary>
    public CsvLines Text(string? value) => Field(value is { Length: > 0 } && Formula.Contains(value[0]) ? $"'{value}" : value);

    /// <summary>Adds a field that is no text, such as a number.</summary>
    public CsvLines Plain(string? value) => Field(value);

    public CsvLines End()
    {
        _lines.Append("\r\n");
        _isWithin = false;
        return this;
    }

    /// <summary>The lines since the last call.</summary>
    public byte[] Take()
    {
        var bytes = Encoding.UTF8.GetBytes(_lines.ToString());
        _lines.Clear();
        return bytes;
    }

    private CsvLines Field(string? value)
    {
        if (_isWithin)
            _lines.Append(',');
        _isWithin = true;
        if (value.AsSpan().IndexOfAny("\",\r\n") < 0)
            _lines.Append(value);
        else
            _lines.Append('"').Append(value!.Replace("\"", "\"\"", StringComparison.Ordinal)).Append('"');
        return this;
    }
}
