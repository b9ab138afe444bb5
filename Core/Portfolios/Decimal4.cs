using System.Buffers.Text;
using System.Globalization;

namespace Overnight.Core.Portfolios;

/// <summary>
/// A number with exactly four decimals, held as a whole number of ten-thousandths, for amounts, scores, percentages and gaps. Range
/// ±922,337,203,685,477.5807. Sums are exact or throw <see cref="OverflowException"/>.
/// </summary>
/// <param name="Units">The number times 10,000.</param>
public readonly record struct Decimal4(long Units) : IComparable<Decimal4>
{
    /// <summary>Bytes of the longest text: sign, 15 digits, point, 4 decimals.</summary>
    public const int MaxLength = 21;

    private const long One = 10_000;

    public static readonly Decimal4 Zero;
    public static readonly Decimal4 MaxValue = new(long.MaxValue);
    public static readonly Decimal4 Hundred = new(100 * One);

    /// <summary>Rounds to four decimals, half away from zero.</summary>
    /// <exception cref="OverflowException">The value is outside the range.</exception>
    public static Decimal4 Round(decimal value) => new(decimal.ToInt64(decimal.Round(value, 4, MidpointRounding.AwayFromZero) * One));

    /// <summary><paramref name="numerator"/> / <paramref name="denominator"/> in whole units, rounded half away from zero.</summary>
    /// <exception cref="OverflowException">The quotient is outside the range.</exception>
    public static Decimal4 Divide(Int128 numerator, Int128 denominator)
    {
        // Most numerators fit 64 bits, for which a division takes a tenth of the time.
        if (numerator >= long.MinValue / 4 && numerator <= long.MaxValue / 4 && denominator > 0 && denominator <= long.MaxValue / 4)
        {
            var (n, d) = ((long)numerator, (long)denominator);
            var half = d / 2 + (d & 1);
            var (whole, rest) = Math.DivRem(n, d);
            return new(Math.Abs(rest) >= half ? whole + Math.Sign(n) : whole);
        }
        var quotient = numerator / denominator;
        var remainder = Int128.Abs(numerator - quotient * denominator);
        if (remainder * 2 >= Int128.Abs(denominator))
            quotient += Int128.Sign(numerator) * Int128.Sign(denominator);
        return new(checked((long)quotient));
    }

    public bool IsPositive => Units > 0;
    public bool IsNegative => Units < 0;

    public decimal ToDecimal() => new decimal(Units) / One;

    public int CompareTo(Decimal4 other) => Units.CompareTo(other.Units);

    /// <summary>Writes the number with its four decimals and a point, such as <c>-12.3400</c>.</summary>
    /// <returns>The number of bytes written, at most <see cref="MaxLength"/>.</returns>
    public int Format(Span<byte> destination)
    {
        var at = 0;
        var magnitude = (ulong)Units;
        if (Units < 0)
        {
            destination[at++] = (byte)'-';
            magnitude = 0 - magnitude;
        }
        var (whole, fraction) = Math.DivRem(magnitude, (ulong)One);
        Utf8Formatter.TryFormat(whole, destination[at..], out var written);
        at += written;
        destination[at] = (byte)'.';
        for (var i = 4; i > 0; i--)
        {
            (fraction, var digit) = Math.DivRem(fraction, 10);
            destination[at + i] = (byte)('0' + digit);
        }
        return at + 5;
    }

    public override string ToString() => ToDecimal().ToString("F4", CultureInfo.InvariantCulture);

    public static Decimal4 operator +(Decimal4 a, Decimal4 b) => new(checked(a.Units + b.Units));

    public static Decimal4 operator -(Decimal4 a, Decimal4 b) => new(checked(a.Units - b.Units));

    public static Decimal4 operator -(Decimal4 a) => new(checked(-a.Units));

    public static bool operator <(Decimal4 a, Decimal4 b) => a.Units < b.Units;

    public static bool operator >(Decimal4 a, Decimal4 b) => a.Units > b.Units;

    public static bool operator <=(Decimal4 a, Decimal4 b) => a.Units <= b.Units;

    public static bool operator >=(Decimal4 a, Decimal4 b) => a.Units >= b.Units;

    public static Decimal4 Add(Decimal4 left, Decimal4 right) => left + right;

    public static Decimal4 Subtract(Decimal4 left, Decimal4 right) => left - right;

    public static Decimal4 Negate(Decimal4 value) => -value;
}
