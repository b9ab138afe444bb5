using System.Text.Json;

namespace Overnight.Core.Notices;

/// <summary>Something that webhooks are told.</summary>
/// <param name="Event">One of <see cref="NoticeEvents"/>.</param>
/// <param name="Subject">What it is about, such as <c>night/NYSE/2026-11-23</c>; it has each event once, in their order.</param>
/// <param name="Data">Counts, times and links, serialised in camel case; never users.</param>
public sealed record Notice(string Event, string Subject, object Data)
{
    /// <summary>The bytes that are sent.</summary>
    public byte[] Body(DateTimeOffset at) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                Type = Event,
                Timestamp = at.UtcDateTime,
                Data,
            },
            JsonSerializerOptions.Web
        );
}

/// <summary>The events that a target can have.</summary>
public static class NoticeEvents
{
    public const string RunFailed = "run.failed",
        RunPartial = "run.partial",
        RunSealed = "run.sealed",
        NightAtRisk = "night.at_risk",
        NightLate = "night.late",
        NightMissed = "night.missed",
        NightRecovered = "night.recovered",
        WarmFailed = "warm.failed",
        WarmLate = "warm.late",
        WarmMissed = "warm.missed",
        WarmRecovered = "warm.recovered",
        WarmErrors = "warm.errors",
        ProviderStale = "provider.stale",
        ProviderRefused = "provider.refused",
        Test = "test";

    public static IReadOnlyList<string> All { get; } =
    [
        RunFailed,
        RunPartial,
        RunSealed,
        NightAtRisk,
        NightLate,
        NightMissed,
        NightRecovered,
        WarmFailed,
        WarmLate,
        WarmMissed,
        WarmRecovered,
        WarmErrors,
        ProviderStale,
        ProviderRefused,
        Test,
    ];
}
