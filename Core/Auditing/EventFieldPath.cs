using System.Globalization;

namespace Overnight.Core.Auditing;

/// <summary>Names the field at a place in the payload of an event, as <c>holdings[3].quantity</c>.</summary>
internal static class EventFieldPath
{
    private const string End = "the end";

    /// <param name="payload">A whole INPUTS_CAPTURED.</param>
    public static string OfInputs(byte[] payload, int offset)
    {
        CompactReader reader = new(payload);
        FieldEnds ends = new(payload.Length);
        var version = reader.Byte();
        ends.Add("version", reader.Left);
        reader.Varint();
        ends.Add("ruleVersion", reader.Left);
        if (version > 1)
        {
            reader.Varint();
            ends.Add("writerVersion", reader.Left);
        }
        reader.Id();
        ends.Add("snapshotId", reader.Left);
        reader.Id();
        ends.Add("criteriaVersionId", reader.Left);
        reader.Varint();
        ends.Add("criteriaVersion", reader.Left);
        reader.Utf8();
        ends.Add("baseCurrency", reader.Left);
        reader.Time();
        ends.Add("generatedAt", reader.Left);
        reader.OptionalDecimal4();
        ends.Add("contribution", reader.Left);
        var count = reader.Count();
        ends.Add("classes", reader.Left);
        for (var i = 0; i < count; i++)
        {
            reader.Id();
            ends.Add("classes", i, "id", reader.Left);
            reader.Utf8();
            ends.Add("classes", i, "name", reader.Left);
            reader.Signed();
            ends.Add("classes", i, "targetMin", reader.Left);
            reader.Signed();
            ends.Add("classes", i, "targetMax", reader.Left);
            reader.Signed();
            ends.Add("classes", i, "minAmount", reader.Left);
        }
        count = reader.Count();
        ends.Add("holdings", reader.Left);
        for (var i = 0; i < count; i++)
        {
            reader.Varint();
            ends.Add("holdings", i, "asset", reader.Left);
            reader.Varint();
            ends.Add("holdings", i, "class", reader.Left);
            reader.Decimal();
            ends.Add("holdings", i, "quantity", reader.Left);
        }
        return ends.At(offset);
    }

    /// <param name="payload">A whole SCORES_COMPUTED.</param>
    public static string OfScores(byte[] payload, int offset)
    {
        CompactReader reader = new(payload);
        FieldEnds ends = new(payload.Length);
        reader.Byte();
        ends.Add("version", reader.Left);
        var bytes = ((int)reader.Varint() + 7) / 8;
        ends.Add("criteria", reader.Left);
        var count = reader.Count();
        ends.Add("scores", reader.Left);
        for (var i = 0; i < count; i++)
        {
            reader.Mask(bytes);
            ends.Add("scores", i, "matched", reader.Left);
            reader.Mask(bytes);
            ends.Add("scores", i, "skipped", reader.Left);
            reader.Signed();
            ends.Add("scores", i, "score", reader.Left);
        }
        return ends.At(offset);
    }

    /// <summary>Where each field ends, in order.</summary>
    private sealed class FieldEnds(int length)
    {
        private readonly List<(string Field, int End)> _ends = [];

        /// <param name="left">Bytes after the field.</param>
        public void Add(string field, int left) => _ends.Add((field, length - left));

        public void Add(string list, int index, string field, int left) =>
            Add(string.Create(CultureInfo.InvariantCulture, $"{list}[{index}].{field}"), left);

        public string At(int offset) => _ends.Find(end => offset < end.End).Field ?? End;
    }
}
