using System.Text.Encodings.Web;
using System.Text.Json;
using Overnight.Core.Market.Calendars;
using Overnight.Core.Schedules;

namespace Overnight.Jobs.Scheduling;

/// <summary>Writes when a market's nights are due, as text for a person or as JSON lines for a program.</summary>
internal sealed class ScheduleReport(TextWriter output, DateTimeOffset now)
{
    /// <summary>Nights shown where no last day is given.</summary>
    public const int Nights = 10;

    /// <summary>Days searched for them at most, since a market's cron may name few nights.</summary>
    private const int MostDays = 3 * 366;

    // Not escaped for HTML, so that names of holidays keep their apostrophes; the output goes to a terminal or a file.
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>One line per calendar day.</summary>
    public void WriteJson(MarketCalendar market, DateOnly? from, DateOnly? until)
    {
        using MemoryStream line = new();
        using Utf8JsonWriter json = new(line, Plain);
        foreach (var day in Days(market, from, until))
        {
            json.WriteStartObject();
            json.WriteString("market", day.Market);
            json.WriteString("date", Date(day.Date));
            json.WriteString("status", day.Status.Name());
            json.WriteString("reason", day.Reason);
            json.WriteString("openUtc", Utc(day.OpenUtc));
            json.WriteString("closeUtc", Utc(day.CloseUtc));
            json.WriteString("ringUtc", Utc(day.DueUtc));
            json.WriteString("deadlineUtc", Utc(day.DeadlineUtc));
            json.WriteEndObject();
            json.Flush();
            output.WriteLine(System.Text.Encoding.UTF8.GetString(line.GetBuffer(), 0, (int)line.Length));
            line.SetLength(0);
            json.Reset();
        }
    }

    /// <summary>A heading, then a line per night, and one with the reason per day without.</summary>
    public void WriteText(MarketCalendar market, DateOnly? from, DateOnly? until, ScheduleState? state = null)
    {
        output.WriteLine($"{market.Code}  {market.Name}, {market.Zone.Id}; due {market.Due}, to be done {market.DoneBy}");
        if (state?.Pause(ScheduleKind.Market, market.Code) is { } pause)
            output.WriteLine($"  {pause.Describe()}");
        if (state?.Nights.GetValueOrDefault(market.Code) is { } night)
            output.WriteLine($"  latest night, for {Date(night.BusinessDate)}: {night.Status.Describe(night.Times)}");
        foreach (var day in Days(market, from, until))
        {
            if (from is null && until is null && day.DueUtc <= now)
                continue;
            output.WriteLine($"  {day.Date:ddd} {Date(day.Date)}  {Line(day, market.Zone)}");
        }
    }

    /// <summary>The warm sets that are paused, or had a scheduled warm, a heading and a line of each kind.</summary>
    public void WriteSets(ScheduleState state)
    {
        var paused = state.Pauses.Where(pause => pause.Kind == ScheduleKind.Set).Select(pause => pause.Name);
        foreach (var set in state.Warms.Select(warm => warm.Set).Union(paused).Order(StringComparer.Ordinal))
        {
            output.WriteLine($"{set}  warm set");
            if (state.Pause(ScheduleKind.Set, set) is { } pause)
                output.WriteLine($"  {pause.Describe()}");
            if (state.Warms.FirstOrDefault(warm => warm.Set == set) is { } warm)
                output.WriteLine(
                    $"  latest warm, due {warm.Times.DueAt.UtcDateTime:yyyy-MM-dd HH:mm}Z: {warm.Status.Describe(warm.Times)}"
                );
        }
    }

    private IEnumerable<MarketDay> Days(MarketCalendar market, DateOnly? from, DateOnly? until)
    {
        var first = from ?? DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(now, market.Zone).DateTime);
        var nights = 0;
        foreach (var day in market.Days(first, until ?? first.AddDays(MostDays)))
        {
            yield return day;
            if (until is null && (from is null ? day.DueUtc > now : day.DueUtc is not null) && ++nights == Nights)
                yield break;
        }
    }

    private static string Line(MarketDay day, TimeZoneInfo zone)
    {
        if (!day.IsOpen)
            return $"no night: {day.WhyNoNight}";
        var hours =
            $"open {Local(day.OpenUtc!.Value, zone):HH:mm} to {Local(day.CloseUtc!.Value, zone):HH:mm}{(day.Reason is null ? "" : $" ({day.Status.Name()}: {day.Reason})")}";
        return day.DueUtc is { } due
            ? $"due {Local(due, zone):yyyy-MM-dd HH:mm zzz}  {due:yyyy-MM-dd HH:mm}Z  done by {Local(day.DeadlineUtc!.Value, zone):HH:mm}{(day.IsDeadlineMoved ? " (the middle: the usual deadline is not between trigger and open)" : "")}  {hours}"
            : $"no night: {day.WhyNoNight}; {hours}";
    }

    private static DateTimeOffset Local(DateTimeOffset moment, TimeZoneInfo zone) => TimeZoneInfo.ConvertTime(moment, zone);

    private static string Date(DateOnly date) => date.ToString("yyyy-MM-dd");

    private static string? Utc(DateTimeOffset? moment) => moment?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
}
