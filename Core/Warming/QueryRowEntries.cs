using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Overnight.Core.Warming;

/// <summary>
/// Makes entries of the rows of one warm of a <see cref="QueryWarmSet"/>. What is wrong with a row is that row's own failure, counted
/// and told.
/// </summary>
internal sealed partial class QueryRowEntries(KeyTemplate key, string set, ILogger logger)
{
    /// <summary>Rows that failed and are told one by one; of the others, how many there were.</summary>
    private const int MostTold = 10;

    /// <summary>Bytes; far from what a server refuses with its connection, and from what memory has room for.</summary>
    private const int MostValue = 16 * 1024 * 1024;

    /// <summary>Keys whose hashes are remembered to find those that collide; together some 24 MB.</summary>
    private const int MostKeys = 1_000_000;

    private readonly HashSet<ulong> _keys = [];
    private int _failed;

    /// <summary>
    /// What a row consists of: the columns of the key, the length of the value in bytes, and the value, or null where it is too long.
    /// Too long for a key is told by one character more than it may have.
    /// </summary>
    public static string Columns(KeyTemplate key, string value, bool isBinary)
    {
        ArgumentNullException.ThrowIfNull(key);
        // The length is asked of the value as it is: what is too long is not converted.
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

    /// <param name="row">Its number, from 1.</param>
    /// <returns>Null for a row that is no entry.</returns>
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
                throw new FormatException($"its value has {reader.GetInt32(values.Length)} bytes; the most is {MostValue}");
            if (IsKnown(name))
                throw new FormatException("an earlier row has the same key and is kept");
            return (name, reader.GetFieldValue<byte[]>(values.Length + 1));
        }
        catch (Exception exception) when (exception is FormatException or InvalidCastException or ArgumentException or OverflowException)
        {
            // This row's own failure; the others go on.
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

    /// <summary>To be called after the last row.</summary>
    public void TellRest()
    {
        if (_failed > MostTold)
            Log.MoreFailed(logger, set, _failed - MostTold);
    }

    private static partial class Log
    {
        [LoggerMessage(421, LogLevel.Warning, "Row {Row} of warm set {Set} is no entry: {Reason}.")]
        public static partial void RowFailed(ILogger logger, string set, long row, string reason);

        [LoggerMessage(422, LogLevel.Warning, "Rows of warm set {Set} that are no entries, beside those told: {Rows}.")]
        public static partial void MoreFailed(ILogger logger, string set, int rows);
    }
}
