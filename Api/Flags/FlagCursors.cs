using System.Buffers.Binary;
using System.Text;
using Overnight.Api.Audit;
using Overnight.Core.Flags;

namespace Overnight.Api.Flags;

/// <summary>Among flags, by key; filled up with zeros.</summary>
internal readonly record struct FlagCursor(string Key) : ICursor<FlagCursor>
{
    public static int Bytes => FeatureFlag.MostKeyLength;

    public void Write(Span<byte> bytes) => bytes[Encoding.ASCII.GetBytes(Key, bytes)..].Clear();

    public static bool TryRead(ReadOnlySpan<byte> bytes, out FlagCursor cursor)
    {
        cursor = new(Encoding.Latin1.GetString(bytes.TrimEnd((byte)0)));
        return FeatureFlag.IsKey(cursor.Key);
    }
}

/// <summary>Among the changes of one flag, newest first.</summary>
internal readonly record struct FlagChangeCursor(long Version) : ICursor<FlagChangeCursor>
{
    public static int Bytes => sizeof(long);

    public void Write(Span<byte> bytes) => BinaryPrimitives.WriteInt64BigEndian(bytes, Version);

    public static bool TryRead(ReadOnlySpan<byte> bytes, out FlagChangeCursor cursor)
    {
        cursor = new(BinaryPrimitives.ReadInt64BigEndian(bytes));
        return cursor.Version >= 0;
    }
}
