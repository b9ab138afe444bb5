namespace Overnight.Benchmarks.Reporting;

/// <summary>What the specification asks of a figure.</summary>
/// <param name="Source">Id in the specification.</param>
/// <param name="Limit">The figure must be less.</param>
internal sealed record Threshold(string Source, string Name, string Unit, double Figure, double Limit)
{
    public bool IsMet => Figure < Limit;

    public static void Write(IEnumerable<Threshold> thresholds)
    {
        var table = Report.Table("Thresholds", "", "figure", "limit", "");
        foreach (var one in thresholds)
            table.Row(
                $"{one.Source}: {one.Name}, {one.Unit}",
                $"{Report.Rounded(one.Figure)}",
                $"under {one.Limit}",
                one.IsMet ? "met" : "not met"
            );
        Report.Write(table);
    }

    /// <summary>For the JSON line.</summary>
    public object ToJson() =>
        new
        {
            Source,
            Name,
            Unit,
            Figure = Report.Rounded(Figure),
            Limit,
            IsMet,
        };
}
