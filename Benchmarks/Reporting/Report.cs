using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;

namespace Overnight.Benchmarks.Reporting;

/// <summary>What a benchmark prints: progress as it goes, a table, and one JSON line last.</summary>
internal static class Report
{
    /// <summary>Where output is not a terminal, wide enough for the tables.</summary>
    private const int PipeWidth = 120;

    private static readonly long Start = Stopwatch.GetTimestamp();

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static void Step(string text) =>
        AnsiConsole.MarkupLineInterpolated($"[grey]{Stopwatch.GetElapsedTime(Start):mm\\:ss}[/] {text}");

    public static Table Table(string title, params string[] columns)
    {
        Table table = new() { Title = new(Markup.Escape(title)), Border = TableBorder.Rounded };
        for (var i = 0; i < columns.Length; i++)
            table.AddColumn(new TableColumn(Markup.Escape(columns[i])) { Alignment = i == 0 ? Justify.Left : Justify.Right });
        return table;
    }

    public static void Row(this Table table, params string[] cells) => table.AddRow(Array.ConvertAll(cells, Markup.Escape));

    public static void Write(Table table)
    {
        if (Console.IsOutputRedirected)
            AnsiConsole.Profile.Width = PipeWidth;
        AnsiConsole.Write(table);
    }

    /// <summary>On a line of its own, unwrapped, so that a script can take the last line.</summary>
    public static void Write<T>(T figures) => Console.WriteLine(JsonSerializer.Serialize(figures, Json));

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>Of the rounds: the highest less the lowest, as a share of the median.</summary>
    public static double Spread(IEnumerable<double> values)
    {
        var all = values.ToArray();
        return Rounded((all.Max() - all.Min()) / Median(all));
    }

    /// <summary>Three decimals for figures below 100, one above: what a run repeats.</summary>
    public static double Rounded(double value) => Math.Round(value, Math.Abs(value) < 100 ? 3 : 1);
}
