using Overnight.Core.Runs;

namespace Overnight.Jobs.Providers;

/// <summary>A provider did not deliver. No address, header or body of the exchange is in the message, so that no key can be.</summary>
/// <param name="reason">One of <see cref="ProviderFault"/>.</param>
internal sealed class ProviderException(string reason, string detail) : Exception($"{reason}: {detail}")
{
    public string Reason { get; } = reason;
    public string Detail { get; } = detail;

    /// <summary>Whether the same request may succeed in a moment.</summary>
    public bool IsTransient { get; init; }

    /// <summary>The wait that the server asked for in Retry-After.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The values that made the whole answer refused.</summary>
    public IReadOnlyList<Refusal> Refusals { get; init; } = [];
}

/// <summary>No exchange rate or no price is known, so that no portfolio can be valued.</summary>
internal sealed class NoMarketValuesException(string message) : Exception(message);

/// <summary>Why a provider counts as failed; a closed set, for metrics.</summary>
internal static class ProviderFault
{
    public const string Timeout = "timeout";
    public const string Unreachable = "unreachable";
    public const string NoKey = "no_key";
    public const string CutOff = "cut_off";
    public const string HttpStatus = "http_status";
    public const string RateLimited = "rate_limited";
    public const string BudgetUsed = "budget_used";
    public const string CircuitOpen = "circuit_open";
    public const string ContentType = "content_type";
    public const string TooLarge = "too_large";
    public const string Malformed = "malformed";
    public const string Empty = "empty";
    public const string NotBelieved = "not_believed";
    public const string NoDollarRate = "no_dollar_rate";
}
