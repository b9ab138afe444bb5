using System.Text;
using Overnight.Api.Pages.Display;

namespace Overnight.Api.Pages.Dashboard;

/// <summary>A result as lines of text, for a note or a mail, in the reader's formats.</summary>
internal static class ResultText
{
    private const string Gap = "  ";

    public static string Write(ResultDocument result, FreshnessViewModel trust, DisplayFormats formats)
    {
        var view = new DashboardViewModelBuilder(result, formats).Make(trust);
        StringBuilder text = new(2_048);
        text.Append("Overnight").AppendLine(result.BusinessDate is { } date ? $", {formats.Sentence(date)}" : "");
        text.AppendLine(view.Contribution is null ? view.Headline : $"{view.Contribution} {view.Currency} {view.Headline}")
            .AppendLine(view.Lead);
        text.AppendLine($"{trust.Word} {trust.Reason}{(trust.Advice is null ? "" : $" {trust.Advice}")}");
        if (trust.ComputedAt is not null)
            text.AppendLine(
                $"Computed {trust.ComputedAt.Text}{string.Concat(trust.Sources.Select(source => source.Words + source.Moment.Text))}."
            );
        text.AppendLine();
        AppendRows(text, view);
        foreach (var note in (string?[])[view.Cut, .. view.Notes.Select(note => $"{note.Strong} {note.Text}")])
        {
            if (note is not null)
                text.AppendLine(note);
        }
        foreach (var row in view.Allocation?.Rows ?? [])
            text.AppendLine(
                $"{row.ClassName}: {row.Current}{(row.After is null ? "" : $", {row.After} after buying")}{(row.Target is null ? "" : $", target {row.Target}")}"
            );
        // Spaces that do not break are for pages; other programs show them as signs of their own.
        return text.Replace('\u00A0', ' ').ToString();
    }

    private static void AppendRows(StringBuilder text, DashboardViewModel view)
    {
        if (view.Rows.Count == 0)
            return;
        var symbol = view.Rows.Max(row => row.Symbol.Length);
        var amount = Math.Max(view.Sum.Length, view.Rows.Max(row => row.Amount.Length));
        var part = view.Rows.Max(row => row.Part?.Length ?? 0);
        foreach (var row in view.Rows)
        {
            text.Append(row.Symbol.PadRight(symbol)).Append(Gap);
            if (view.HasAmounts)
                text.Append(row.Amount.PadLeft(amount)).Append(Gap).Append((row.Part ?? "").PadLeft(part)).Append(Gap);
            text.AppendJoin(", ", new[] { row.Name, row.ClassName }.Where(word => word is { Length: > 0 }).Append($"score {row.Score}"));
            text.AppendLine();
        }
        if (view.HasAmounts)
            text.Append("Sum".PadRight(Math.Max(symbol, 3)))
                .Append(Gap)
                .Append(view.Sum.PadLeft(amount))
                .Append(' ')
                .Append(view.Currency)
                .Append(Gap)
                .AppendLine(view.Rest);
        text.AppendLine();
    }
}
