using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Overnight.Core.Warming;

/// <summary>
/// Makes the cache entries of one warm of a <see cref="QueryWarmSet"/> from its rows. A row that can't be cached is counted and logged,
/// and the others go on.
/// </summary>
internal sealed partial class QueryRowEntries(KeyTemplate key, string set, ILogger logger)
{
    /// <summary>Number of failed rows that are logged one by one; of further ones only the number is logged.</summary>
    private const int MostTold = 10;

    /// <summary>Largest value in bytes. It is well below the server's own limit, and below what a process has memory for.</summary>
    private const int MostValue = 16 * 1024 * 1024;

    /// <summary>Number of keys whose hashes are kept to find duplicates; together they take about 24 MB.</summary>
    private const int MostKeys = 1_000_000;

    private readonly HashSet<ulong> _keys = [];
    private int _failed;

    /// <summary>
    /// The columns that are read of a row: the columns of the key, the length of the value in bytes, and the value, or null where it is too
    /// long. A key column is cut to one character more than allowed, which shows that it is too long.
    /// </summary>
    public static string Columns(KeyTemplate key, string value, bool isBinary)
    {
        ArgumentNullException.ThrowIfNull(key);
        // The length is computed before the conversion to bytes, so that a value that is too long is not converted.
        var (text, bytes) = isBinary ? ($"\"{value}\"", $"\"{value}\"") : ($"\"{value}\"::text", $"convert_to(\"{value}\"::text, 'UTF8')");
        return string.Join(
            ", ",
            [
                .. key.Columns.Select(column => $"left(\"{column}\"::text, {KeyTemplate.MostLength + 1})"),
                $"octet_length({text})",
                $"case when octet_length({text}) <= {MostValue} then {bytes} end",
            ]
        );
    }

    /// <param name="row">Number of the row, from 1.</param>
    /// <returns>Null for a row that can't be cached.</returns>
    public (string Key, byte[] Value)? Read(NpgsqlDataReader reader, long row)
    {
        try
        {
            var values = new string?[key.Columns.Count];
            for (var at = 0; at < values.Length; at++)
                values[at] = reader.IsDBNull(at) ? null : reader.GetString(at);
            var name = key.Build(values);
            if (reader.IsDBNull(values.Length))
                throw new FormatException("its value is null");
            if (reader.IsDBNull(values.Length + 1))
                throw new FormatException($"its value has {reader.GetInt32(values.Length)} bytes; the limit is {MostValue}");
            if (IsKnown(name))
                throw new FormatException("an earlier row has the same key and is kept");
            return (name, reader.GetFieldValue<byte[]>(values.Length + 1));
        }
        catch (Exception exception) when (exception is FormatException or InvalidCastException or ArgumentException or OverflowException)
        {
            // Only this row fails; the others go on.
            if (++_failed <= MostTold)
                Log.RowFailed(logger, set, row, exception.Message);
            return null;
        }
    }

    private bool IsKnown(string name)
    {
        var hash = BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(MemoryMarshal.AsBytes(name.AsSpan())));
        return _keys.Count < MostKeys ? !_keys.Add(hash) : _keys.Contains(hash);
    }

    /// <summary>Logs how many more rows failed than were logged; call it after the last row.</summary>
    public void TellRest()
    {
        if (_failed > MostTold)
            Log.MoreFailed(logger, set, _failed - MostTold);
    }

    private static partial class Log
    {
        [LoggerMessage(421, LogLevel.Warning, "Row {Row} of warm set {Set} can't be cached: {Reason}.")]
        public static partial void RowFailed(ILogger logger, string set, long row, string reason);

        [LoggerMessage(422, LogLevel.Warning, "More rows of warm set {Set} can't be cached: {Rows}.")]
        public static partial void MoreFailed(ILogger logger, string set, int rows);
    }
}
