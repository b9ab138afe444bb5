using System.Globalization;

namespace Overnight.Core;

/// <summary>The bounds of an option, both included: numbers, or texts of a duration or a decimal number.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class BetweenAttribute(object least, object most) : Attribute
{
    public object Least => least;

    public object Most => most;

    internal (IComparable Least, IComparable Most) As(Type type) => (Read(least, type), Read(most, type));

    private static IComparable Read(object bound, Type type) =>
        type == typeof(TimeSpan)
            ? TimeSpan.Parse((string)bound, CultureInfo.InvariantCulture)
            : (IComparable)Convert.ChangeType(bound, type, CultureInfo.InvariantCulture);
}
