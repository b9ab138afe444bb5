using System.Net;
using Overnight.Core;
using Overnight.Core.Market;

namespace Overnight.Jobs.Providers;

/// <summary>Checks of options that no attribute expresses. Messages omit keys and addresses, which may hold a secret.</summary>
internal static class ProviderRules
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    public static void Check(ProvidersOptions options, OptionRules rules)
    {
        Feed(rules, nameof(options.Rates), options.Rates, ProviderNames.Rates);
        Feed(rules, nameof(options.Prices), options.Prices, ProviderNames.Prices);
        foreach (var (provider, endpoint) in options.Endpoints())
            Endpoint(rules, provider, endpoint);
        const string stooq = nameof(options.Stooq);
        rules.Require(
            $"{stooq}:{nameof(StooqOptions.TimeZone)}",
            TimeZoneInfo.TryFindSystemTimeZoneById(options.Stooq.TimeZone ?? "", out _),
            "the IANA name of a time zone",
            options.Stooq.TimeZone
        );
        foreach (var (market, unit) in options.Stooq.Units)
        {
            rules.Require(
                $"{stooq}:{nameof(StooqOptions.Units)}:{market}",
                unit is not null && MinorUnits.Codes.Contains(unit),
                $"one of {string.Join(", ", MinorUnits.Codes)}",
                unit
            );
        }
        foreach (var (market, suffix) in options.Stooq.Suffixes)
        {
            rules.Require(
                $"{stooq}:{nameof(StooqOptions.Suffixes)}:{market}",
                suffix is not null && suffix.All(c => c is '.' || char.IsAsciiLetterOrDigit(c)),
                "letters, digits and points",
                suffix
            );
        }
    }

    private static void Feed(OptionRules rules, string key, FeedOptions options, IReadOnlyList<string> known)
    {
        var names = options.Names();
        rules.Require(
            $"{key}:{nameof(options.Order)}",
            names.Length > 0 && names.All(known.Contains) && names.Distinct().Count() == names.Length,
            $"one or more of {string.Join(", ", known)}, each once, with commas between them",
            options.Order
        );
    }

    private static void Endpoint(OptionRules rules, string key, EndpointOptions options)
    {
        rules.Between($"{key}:{nameof(options.MaxRetryDelay)}", options.MaxRetryDelay, options.RetryDelay, Day);
        rules.Between($"{key}:{nameof(options.Budget)}", options.Budget, options.Timeout, Day);

        var address =
            Uri.TryCreate(options.BaseUrl, UriKind.Absolute, out var url)
            && url.Scheme is "http" or "https"
            && url.UserInfo.Length == 0
            && url.Query.Length == 0
            && url.Fragment.Length == 0
                ? url
                : null;
        rules.RequireUntold(
            $"{key}:{nameof(options.BaseUrl)}",
            address is not null,
            "an absolute http or https address without user, password, query or fragment"
        );
        rules.RequireUntold(
            $"{key}:{nameof(options.Path)}",
            options.Path is not null && options.Path.IndexOfAny(['?', '#', ':', '\\']) < 0,
            "a path below BaseUrl, without a query"
        );
        rules.Require(
            $"{key}:{nameof(options.KeyHeader)}",
            !string.IsNullOrEmpty(options.KeyHeader) && options.KeyHeader.All(c => c is '-' || char.IsAsciiLetterOrDigit(c)),
            "the name of a header",
            options.KeyHeader
        );
        rules.RequireUntold(
            $"{key}:{nameof(options.Key)}",
            options.Key is null || options.Key.All(c => c is > ' ' and < (char)127),
            "printable ASCII without blanks"
        );
        rules.Require(
            $"{key}:{nameof(options.KeyFile)}",
            string.IsNullOrEmpty(options.KeyFile) || File.Exists(options.KeyFile),
            "a file that is there",
            options.KeyFile
        );
        rules.RequireUntold(
            $"{key}:{nameof(options.BaseUrl)}",
            address is null || !options.HasKey || address.Scheme == "https" || IsLoopback(address),
            "https where a key is sent"
        );
    }

    private static bool IsLoopback(Uri url) => url.IsLoopback || IPAddress.TryParse(url.Host, out var ip) && IPAddress.IsLoopback(ip);
}
