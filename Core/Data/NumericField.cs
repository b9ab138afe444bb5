using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Overnight.Core.Data;

/// <summary>
/// Decodes PostgreSQL's binary <c>numeric</c>, whose digits come in groups of four: the number of groups, the first group's power of
/// 10,000, the sign, the number of decimals shown, then the groups. No content makes it throw.
/// </summary>
internal static class NumericField
{
    private const int Negative = 0x4000,
        NotANumber = 0xC000,
        Infinity = 0xD000,
        NegativeInfinity = 0xF000;

    /// <summary>The largest value to which four more digits can be appended.</summary>
    private const ulong Most = ulong.MaxValue / 10_000 - 1;

    /// <summary>Largest number of groups of four digits that a message shows.</summary>
    private const int ShownGroups = 12;

    /// <summary>
    /// Reads the absolute value in units of the last decimal that is kept; further decimals are rounded half away from zero.
    /// </summary>
    /// <param name="fractionGroups">Number of decimals that are kept, divided by four.</param>
    /// <returns>False for NaN, an infinity, or more than 64 bits.</returns>
    public static bool TryUnits(ReadOnlySpan<byte> field, int fractionGroups, out ulong units, out bool negative)
    {
        int groups = BinaryPrimitives.ReadInt16BigEndian(field),
            weight = BinaryPrimitives.ReadInt16BigEndian(field[2..]),
            sign = BinaryPrimitives.ReadUInt16BigEndian(field[4..]);
        units = 0;
        negative = sign == Negative;
        if (sign != 0 && !negative)
            return false;
        for (var power = weight; power >= -fractionGroups; power--)
        {
            if (units > Most)
                return false;
            units = units * 10_000 + Group(field, groups, weight - power);
        }
        if (weight + fractionGroups + 1 is >= 0 and var next && next < groups && Group(field, groups, next) >= 5_000)
            units++;
        return true;
    }

    /// <summary>The number as text for an error message.</summary>
    public static string Text(ReadOnlySpan<byte> field)
    {
        int groups = BinaryPrimitives.ReadInt16BigEndian(field),
            weight = BinaryPrimitives.ReadInt16BigEndian(field[2..]),
            sign = BinaryPrimitives.ReadUInt16BigEndian(field[4..]);
        switch (sign)
        {
            case NotANumber:
                return "NaN";
            case Infinity:
                return "Infinity";
            case NegativeInfinity:
                return "-Infinity";
        }
        StringBuilder text = new(sign == Negative ? "-" : "");
        if (weight >= ShownGroups)
            return text.Append(CultureInfo.InvariantCulture, $"{Group(field, groups, 0)}e{4 * weight}").ToString();
        text.Append(weight < 0 ? 0 : Group(field, groups, 0));
        for (var power = weight - 1; power >= 0; power--)
            text.Append(CultureInfo.InvariantCulture, $"{Group(field, groups, weight - power):D4}");
        var point = text.Length;
        for (var power = -1; power >= -ShownGroups && weight - power < groups; power--)
            text.Append(CultureInfo.InvariantCulture, $"{Group(field, groups, weight - power):D4}");
        return text.Length == point ? text.ToString() : text.Insert(point, '.').ToString().TrimEnd('0').TrimEnd('.');
    }

    private static uint Group(ReadOnlySpan<byte> field, int groups, int index) =>
        (uint)index < (uint)groups ? BinaryPrimitives.ReadUInt16BigEndian(field[(8 + index * 2)..]) : 0u;
}
