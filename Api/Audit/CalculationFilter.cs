using Overnight.Api.Paging;
using Overnight.Core.Market.Calendars;

namespace Overnight.Api.Audit;

/// <summary>
/// Which calculations a client wants to see: those of one user, on all markets or one; those with one asset; or those of one run. The first
/// two in a period of business dates, both ends included.
/// </summary>
/// <param name="Market">Code of a market; null for all.</param>
internal readonly record struct CalculationFilter(Guid? User, Guid? Asset, Guid? Run, string? Market, DateOnly From, DateOnly Until)
{
    public static CalculationFilter Read(
        string? user,
        string? asset,
        string? run,
        string? market,
        string? from,
        string? until,
        MarketCatalog markets,
        QueryErrors errors
    )
    {
        var (userId, assetId, runId) = (errors.Id("user", user), errors.Id("asset", asset), errors.Id("run", run));
        var code = errors.OneOf("market", market, [.. markets.All.Select(one => one.Code)]);
        var (first, last) = (errors.Date("from", from), errors.Date("until", until));
        if (first > last)
            errors.Add("from", $"must not be after until: {first:yyyy-MM-dd} is after {last:yyyy-MM-dd}");

        var asked = (string[])
            [
                .. user is null ? (string[])[] : ["user"],
                .. asset is null ? (string[])[] : ["asset"],
                .. run is null ? (string[])[] : ["run"],
            ];
        if (asked.Length == 0)
            errors.Add("user", "must be given, or asset, or run");
        foreach (var field in asked.Skip(1))
            errors.Add(field, $"must not be given beside {asked[0]}: ask for one of user, asset and run");
        if (market is not null && asked is not (["user"] or []))
            errors.Add("market", $"must not be given beside {asked[0]}");
        if (asked is ["run"] && first is not null)
            errors.Add("from", "must not be given beside run, which has one business date");
        if (asked is ["run"] && last is not null)
            errors.Add("until", "must not be given beside run, which has one business date");
        return new(userId, assetId, runId, code, first ?? DateOnly.MinValue, last ?? DateOnly.MaxValue);
    }
}
