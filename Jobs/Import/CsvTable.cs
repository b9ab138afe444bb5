using System.Globalization;
using System.Text;
using CsvHelper;
using Overnight.Jobs.Commands;

namespace Overnight.Jobs.Import;

/// <summary>
/// A comma-separated file (RFC 4180, UTF-8, header in the first line) read row by row; columns are found by name, others ignored.
/// </summary>
internal sealed class CsvTable : IDisposable
{
    /// <summary>Longest line in bytes; a longer one is refused, so that it is not buffered.</summary>
    private const int MaxLine = 1 << 20;
    private const int ColumnsShown = 20;

    private readonly string _path;
    private readonly string[] _columns;
    private readonly BadRows _bad;
    private readonly CsvReader _reader;
    private int[] _positions = [];
    private string? _brokenHeader;

    private CsvTable(string path, TextReader text, string[] columns, BadRows bad)
    {
        (_path, _columns, _bad) = (path, columns, bad);
        _reader = CsvReader.Create(
            text,
            new()
            {
                Separator = ',',
                // Fields of these files have no line breaks, so an unclosed quote makes only its own line bad.
                AllowLineBreaksInQuotes = false,
                TrimWhitespace = true,
                TrimInsideQuotes = true,
                TrackLineNumbers = true,
                MaxRecordSize = MaxLine,
                MalformedData = CsvMalformedDataHandling.Skip,
                FieldCountMismatch = CsvFieldCountHandling.Skip,
                OnMalformedRecord = RejectRow,
            }
        );
    }

    /// <summary>Line of the file at which the current row begins, from 1.</summary>
    public int Line { get; private set; }

    /// <summary>Rows read so far, bad ones too, without the header and blank lines.</summary>
    public int Rows { get; private set; }

    /// <summary>Whether nothing was reported about the current row since it was read.</summary>
    public bool RowIsGood { get; private set; }

    /// <exception cref="CommandException">The file can't be read, is empty, or lacks a column.</exception>
    public static async Task<CsvTable> OpenAsync(string path, string[] columns, BadRows bad, CancellationToken ct)
    {
        if (string.IsNullOrWhiteSpace(path))
            throw new CommandException($"FILE must be the path of a file, not '{path}'.");
        try
        {
            // Invalid UTF-8 throws, because it would otherwise become a replacement character in a name.
            StreamReader text = new(path, new UTF8Encoding(false, throwOnInvalidBytes: true));
            CsvTable table = new(path, text, columns, bad);
            try
            {
                await table.ReadHeaderAsync(ct);
                return table;
            }
            catch
            {
                table.Dispose();
                throw;
            }
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CommandException(
                $"{path}: there is no such file. Check the path; it is relative to {Environment.CurrentDirectory}.",
                exception
            );
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{path} can't be read: {exception.Message}", exception);
        }
    }

    /// <summary>Goes to the next row that has the shape of the header; rows that have not are recorded as bad.</summary>
    public async Task<bool> ReadAsync(CancellationToken ct)
    {
        try
        {
            if (!await _reader.ReadAsync(ct))
                return false;
        }
        catch (Exception exception) when (exception is DecoderFallbackException or CsvFormatException)
        {
            throw Unreadable(exception);
        }
        RowIsGood = true;
        Rows++;
        Line = (int)_reader.LineNumber;
        return true;
    }

    /// <summary>The trimmed text of a column.</summary>
    /// <param name="column">Index into the columns that the table was opened with.</param>
    public string Text(int column) => _reader.GetString(_positions[column]);

    /// <summary>
    /// A decimal number with a point, also in the form 3.6e-05; null for an empty field and for one that is reported as bad.
    /// </summary>
    public decimal? Number(int column)
    {
        var text = Text(column);
        if (text.Length == 0)
            return null;
        if (decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
            return number;
        Reject(column, "is not a number (a decimal point, no thousands separators)");
        return null;
    }

    public void Reject(int column, string problem)
    {
        RowIsGood = false;
        _bad.Add(new(Line, _columns[column], Text(column), problem));
    }

    public void Dispose() => _reader.Dispose();

    private void RejectRow(CsvMalformedRecord record)
    {
        if (_positions.Length == 0)
        {
            _brokenHeader ??= record.RawRecord;
            return;
        }
        Rows++;
        _bad.Add(
            new(
                (int)record.LineNumber,
                null,
                null,
                record.Reason switch
                {
                    CsvMalformedReason.FieldCountMismatch =>
                        $"does not have {_reader.Headers.Count} fields, as the header has: \"{BadRow.Shorten(record.RawRecord)}\"",
                    CsvMalformedReason.LineBreakInQuotes or CsvMalformedReason.UnterminatedQuote =>
                        $"has a quote that is opened and not closed: \"{BadRow.Shorten(record.RawRecord)}\"",
                    _ =>
                        $"has a quote where none belongs; a field that holds one is quoted, and the quote doubled: \"{BadRow.Shorten(record.RawRecord)}\"",
                }
            )
        );
    }

    private async Task ReadHeaderAsync(CancellationToken ct)
    {
        try
        {
            await _reader.ReadHeaderAsync(ct);
        }
        catch (Exception exception) when (exception is DecoderFallbackException or CsvFormatException)
        {
            throw Unreadable(exception);
        }
        Line = 1;
        // The CSV reader skips a malformed header, and would take the next line for it.
        if (_brokenHeader is not null)
            throw new CommandException(
                $"{_path}, line 1: is no header of comma-separated columns: \"{BadRow.Shorten(_brokenHeader)}\". Expected are the columns {Quote(_columns)}."
            );
        var header = _reader.Headers.Select(h => h.Trim()).ToArray();
        if (header.Length == 0)
            throw new CommandException($"{_path} is empty. Expected is a header line with the columns {Quote(_columns)}.");
        var missing = _columns.Where(c => !header.Contains(c, StringComparer.OrdinalIgnoreCase)).ToArray();
        if (missing.Length > 0)
        {
            throw new CommandException(
                $"{_path}, line 1: the header has no column {Quote(missing)}. It has {Quote(header.Take(ColumnsShown))}; columns are separated by commas."
            );
        }
        if (_columns.FirstOrDefault(c => header.Count(h => h.Equals(c, StringComparison.OrdinalIgnoreCase)) > 1) is { } twice)
        {
            throw new CommandException($"{_path}, line 1: the header has the column \"{twice}\" more than once.");
        }
        _positions = [.. _columns.Select(c => Array.FindIndex(header, h => h.Equals(c, StringComparison.OrdinalIgnoreCase)))];
    }

    private CommandException Unreadable(Exception exception) =>
        new(
            exception is DecoderFallbackException
                ? $"{_path}, line {Line + 1} or soon after: is not UTF-8 text. Save it as UTF-8 and import it again."
                : $"{_path}, line {Line + 1} or soon after: a line has more than {MaxLine} bytes. Is it a table of comma-separated lines?",
            exception
        );

    private static string Quote(IEnumerable<string> names) => string.Join(", ", names.Select(n => $"\"{BadRow.Shorten(n)}\""));
}
