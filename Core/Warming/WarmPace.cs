namespace Overnight.Core.Warming;

/// <summary>
/// How hard one warm works. A short one is over before anybody notices, and after a lost cache every entry spares a reader a
/// miss: both go ahead. Any other gives way where live reads have to wait: small pieces, and a rest after each.
/// </summary>
public sealed class WarmPace
{
    /// <summary>A warm is short until then.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(500);

    /// <summary>No rest is longer, or a warm would not end in time.</summary>
    private static readonly TimeSpan LongestRest = TimeSpan.FromMilliseconds(250);

    private readonly WarmWindow _window;
    private readonly WarmTrigger _trigger;
    private readonly TimeProvider _time;
    private readonly long _begin;

    /// <summary>Of a warm that begins now.</summary>
    public WarmPace(WarmWindow window, WarmTrigger trigger, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        (_window, _trigger, _time, _begin) = (window, trigger, time, time.GetTimestamp());
    }

    /// <summary>Whether live reads come first just now.</summary>
    public bool GivesWay => _trigger != WarmTrigger.ColdStart && _window.OthersWait && _time.GetElapsedTime(_begin) >= Grace;

    /// <summary>How long to rest after work: twice as long while it gives way, so that others have two thirds of the time; else not at all.</summary>
    public TimeSpan RestAfter(TimeSpan worked) =>
        !GivesWay ? TimeSpan.Zero
        : 2 * worked < LongestRest ? 2 * worked
        : LongestRest;
}
