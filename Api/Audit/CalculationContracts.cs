using System.Text.Json.Serialization;
using Overnight.Core.Auditing;

namespace Overnight.Api.Audit;

/// <summary>The run that made a calculation.</summary>
internal readonly record struct CalculationRun(Guid Id, string Market, DateOnly BusinessDate, int Revision, long Number);

/// <summary>One user's calculation in one run, as lists show it.</summary>
/// <param name="Status"><c>completed</c> or <c>failed</c>.</param>
/// <param name="DurationMs">Milliseconds that this user took within the batch.</param>
/// <param name="Scores">Assets scored.</param>
/// <param name="Recommendations">Holdings ranked.</param>
/// <param name="Stage">Where it failed.</param>
/// <param name="Reason">Why it failed.</param>
internal sealed record CalculationItem(
    Guid RunId,
    string Market,
    DateOnly BusinessDate,
    int Revision,
    Guid UserId,
    DateTimeOffset StartedAt,
    DateTimeOffset CompletedAt,
    string Status,
    double DurationMs,
    int Scores,
    int Recommendations,
    string? Stage,
    string? Reason,
    CalculationLinks Links
)
{
    /// <summary>Number of the run, by which runs of one business date are ordered.</summary>
    [JsonIgnore]
    public long RunNumber { get; private init; }

    public static string StatusOf(CompletedCalculation completed) => completed.Stage is null ? "completed" : "failed";

    /// <param name="completed">The payload of <c>CALC_COMPLETED</c>; the events of a user share the time of their start.</param>
    public static CalculationItem From(CalculationRun run, Guid userId, DateTimeOffset startedAt, byte[] completed)
    {
        var end = EventCodec.ReadCompleted(completed);
        return new(
            run.Id,
            run.Market,
            run.BusinessDate,
            run.Revision,
            userId,
            startedAt,
            startedAt + end.Duration,
            StatusOf(end),
            end.Duration.TotalMilliseconds,
            end.Scores,
            end.Recommendations,
            end.Stage?.ToString().ToLowerInvariant(),
            end.Reason,
            CalculationLinks.Of(run.Id, userId)
        )
        {
            RunNumber = run.Number,
        };
    }
}

/// <param name="Self">The calculation with its events in full.</param>
internal sealed record CalculationLinks(string Self, string Run)
{
    public static CalculationLinks Of(Guid run, Guid user) =>
        new($"{CalculationRoutes.Path}/{run:D}/{user:D}", $"{RunRoutes.Path}/{run:D}");
}
