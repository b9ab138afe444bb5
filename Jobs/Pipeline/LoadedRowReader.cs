using Overnight.Core.Data;
using Overnight.Core.Json;
using Overnight.Core.Portfolios;

namespace Overnight.Jobs.Pipeline;

/// <summary>Turns copied rows into values. A number that no calculation can use becomes 0 and a fault of its user.</summary>
internal static class LoadedRowReader
{
    private const string OfQuantity = "0 or more with 11 digits and 8 decimals";

    public static LoadedHolding Holding(CopyReader copy, BatchData data)
    {
        Guid user = copy.Guid(),
            asset = copy.Guid();
        var @class = copy.OptionalGuid();
        var field = copy.Bytes();
        if (!field.IsEmpty && NumericField.TryUnits(field, 2, out var units, out var negative) && !negative)
            return new(user, asset, @class, new((int)(uint)units, (int)(uint)(units >> 32), 0, isNegative: false, scale: 8));
        data.Fault(user, LoadFault.Corrupt($"holdings.quantity of asset {asset}", Text(field), OfQuantity));
        return new(user, asset, @class, 0);
    }

    public static LoadedClass Class(CopyReader copy, BatchData data)
    {
        Guid user = copy.Guid(),
            id = copy.Guid();
        var name = JsonEscaping.Escape(copy.Bytes());
        Decimal4 targetMin = Percent(copy, data, user, id, "target_min", Decimal4.Zero),
            targetMax = Percent(copy, data, user, id, "target_max", Decimal4.Hundred);
        var field = copy.Bytes();
        if (!TryRead(field, Decimal4.MaxValue, Decimal4.Zero, out var minAmount))
            data.Fault(user, LoadFault.OutOfRange($"asset_classes.min_amount of class {id}", Text(field)));
        return new(user, id, name, targetMin, targetMax, minAmount);
    }

    private static Decimal4 Percent(CopyReader copy, BatchData data, Guid user, Guid id, string column, Decimal4 missing)
    {
        var field = copy.Bytes();
        if (!TryRead(field, Decimal4.Hundred, missing, out var percent))
            data.Fault(user, LoadFault.Corrupt($"asset_classes.{column} of class {id}", Text(field), "between 0 and 100"));
        return percent;
    }

    private static bool TryRead(ReadOnlySpan<byte> field, Decimal4 most, Decimal4 missing, out Decimal4 value)
    {
        value = missing;
        if (field.IsEmpty)
            return true;
        if (!NumericField.TryUnits(field, 1, out var units, out var negative) || negative || units > (ulong)most.Units)
            return false;
        value = new((long)units);
        return true;
    }

    private static string Text(ReadOnlySpan<byte> field) => field.IsEmpty ? "null" : NumericField.Text(field);
}
