namespace Overnight.Jobs.Providers;

/// <summary>Which stored market values are used.</summary>
/// <param name="Latest">Values of a later time are not.</param>
/// <param name="KnownBy">Nor are values that were stored later; null for all that are stored.</param>
internal readonly record struct ValueLimits(DateTimeOffset Latest, DateTimeOffset? KnownBy)
{
    /// <summary>Those of a run that is computed now.</summary>
    public static ValueLimits Of(DateTimeOffset now) => new(QuoteValidator.Latest(now), null);

    /// <summary>Those that a run at a moment would have found.</summary>
    public static ValueLimits AsOf(DateTimeOffset moment) => new(QuoteValidator.Latest(moment), moment);
}
