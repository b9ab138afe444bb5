using Overnight.Api.Operations;
using Overnight.Api.Pages.Dashboard;
using Overnight.Api.Pages.Display;
using Overnight.Core;

namespace Overnight.Api.Pages.Operations;

/// <param name="Feed">Exchange rates or prices.</param>
/// <param name="Calls">Requests since midnight, UTC, and how many its budget has left.</param>
/// <param name="Refusals">The first values that were refused, a sentence each.</param>
public sealed record ProviderRow(
    string Feed,
    string Provider,
    string State,
    string Word,
    string? Reason,
    MomentViewModel Since,
    string Values,
    string Refused,
    string Took,
    MomentViewModel? AsOf,
    string Calls,
    MomentViewModel? StaleSince,
    IReadOnlyList<string> Refusals
);

/// <summary>The providers in the last run that asked them.</summary>
public sealed record ProvidersViewModel(
    IReadOnlyList<ProviderRow> Rows,
    string? RunPath,
    string? RunName,
    MomentViewModel? RunAt,
    MomentViewModel? PricesAsOf,
    MomentViewModel? RatesAsOf
);

internal static class ProviderViewModelBuilder
{
    public static ProvidersViewModel Of(ProviderAnswer? answer, OperationsFormats formats) =>
        answer is null
            ? new([], null, null, null, null, null)
            : new(
                [.. answer.Items.Select(item => Row(item, formats))],
                OperationsPaths.Run(answer.RunId),
                answer.Market,
                formats.Moment(answer.StartedAt),
                formats.AsOf(answer.PricesAsOf),
                formats.AsOf(answer.RatesAsOf)
            );

    private static ProviderRow Row(ProviderState item, OperationsFormats formats)
    {
        var (state, word) = item.Outcome switch
        {
            "used" => item.Refused > 0 ? ("provisional", "used in part") : ("fresh", "used"),
            "stale" => ("provisional", "stored values"),
            "not_asked" => ("waiting", "not needed"),
            _ => ("wrong", CodeWords.Of(item.Outcome)),
        };
        return new(
            item.Feed == "rates" ? "Exchange rates" : "Prices",
            item.Provider,
            state,
            word,
            item.Reason is null ? null
                : item.Detail is null ? CodeWords.Of(item.Reason)
                : $"{CodeWords.Of(item.Reason)}: {item.Detail}",
            formats.Moment(item.Since),
            formats.Count(item.Values),
            formats.Count(item.Refused),
            formats.Duration(item.TookMs),
            formats.AsOf(item.AsOf),
            item.CallsLeft is { } left ? $"{formats.Count(item.CallsToday)}, {formats.Count(left)} left" : formats.Count(item.CallsToday),
            formats.AsOf(item.StaleSince),
            [
                .. item.Refusals.Select(value =>
                    $"{value.Key}: {CodeWords.Of(value.Reason)}{(value.Detail is null ? "" : $", {value.Detail}")}"
                ),
                .. item.Refused > item.Refusals.Count && item.Refusals.Count > 0
                    ? (string[])[$"and {Plural.Of(item.Refused - item.Refusals.Count, "more", "more")}"]
                    : [],
            ]
        );
    }
}
