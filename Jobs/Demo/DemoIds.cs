using System.Buffers.Binary;

namespace Overnight.Jobs.Demo;

/// <summary>
/// Ids of demo data: valid UUID v7, the same at every seeding. Their time is a fixed day plus a millisecond per number, so
/// that they sort by number and fill indexes from the left, as ids made in order do.
/// </summary>
internal static class DemoIds
{
    /// <summary>The time of number 0.</summary>
    public static readonly DateTimeOffset Epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private enum Kind : ulong
    {
        User = 1,
        Criteria,
        Class,
        Asset,
        Tenant,
        Facility,
    }

    public static Guid User(long seed, int number) => Make(seed, Kind.User, number, 0);

    public static Guid Criteria(long seed, int number) => Make(seed, Kind.Criteria, number, 0);

    public static Guid Class(long seed, int number, int index) => Make(seed, Kind.Class, number, index);

    public static Guid Asset(long seed, int number) => Make(seed, Kind.Asset, number, 0);

    public static Guid Tenant(long seed, int number) => Make(seed, Kind.Tenant, number, 0);

    /// <param name="number">Number of the tenant.</param>
    public static Guid Facility(long seed, int number, int index) => Make(seed, Kind.Facility, number, index);

    public static DateTimeOffset CreatedAt(int number) => Epoch.AddMilliseconds(number);

    /// <summary>The number in an id made by <see cref="User"/>; false for any other id.</summary>
    public static bool TryNumber(long seed, Guid id, out int number)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        var offset = (long)(BinaryPrimitives.ReadUInt64BigEndian(bytes) >> 16) - Epoch.ToUnixTimeMilliseconds();
        number = offset is >= 0 and <= int.MaxValue ? (int)offset : -1;
        return number >= 0 && User(seed, number) == id;
    }

    private static Guid Make(long seed, Kind kind, int number, int index)
    {
        var random = DemoRandom.For(seed, (ulong)kind << 32 | (uint)index, number);
        var time = (ulong)(Epoch.ToUnixTimeMilliseconds() + number);
        Span<byte> bytes = stackalloc byte[16];
        // RFC 9562: 48 bits of time, version 7, 12 random bits; variant 10, 62 random bits.
        BinaryPrimitives.WriteUInt64BigEndian(bytes, time << 16 | 0x7000 | random.Next() & 0x0FFF);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], 0x8000_0000_0000_0000 | random.Next() >> 2);
        return new(bytes, bigEndian: true);
    }
}
