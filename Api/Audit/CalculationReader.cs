using Npgsql;
using Overnight.Core.Auditing;
using Overnight.Core.Data;
using Overnight.Core.Json;
using Overnight.Core.Market;

namespace Overnight.Api.Audit;

/// <summary>Reads the events of one calculation, and what they refer to, and writes them out in full.</summary>
internal sealed class CalculationReader(NpgsqlDataSource dataSource, CalculationQueries queries)
{
    internal const string Events =
        "select type, occurred_at, payload from calculation_events where business_date = $1 and run_id = $2 and user_id = $3 order by type";

    private const string Snapshot = "select taken_at, prices_as_of, rates_as_of, payload from market_snapshots where id = $1";

    private const string Rules = "select rules::text from criteria_versions where id = $1";

    private readonly record struct StoredEvent(CalculationEvent Type, DateTimeOffset At, byte[] Payload);

    /// <returns>Null when the run has no events of the user.</returns>
    /// <exception cref="InvalidDataException">An event or the snapshot is damaged, or of a version that this build does not
    /// know.</exception>
    public async Task<CalculationDetail?> ReadAsync(Guid runId, Guid user, CancellationToken ct)
    {
        if (await queries.FindRunAsync(runId, ct) is not { } run)
            return null;
        var events = await EventsAsync(run, user, ct);
        if (events.Count == 0)
            return null;

        var expander = events.Find(e => e.Type == CalculationEvent.InputsCaptured) is { Payload: { } captured }
            ? await ExpanderAsync(run, captured, ct)
            : null;
        var ended = events.Find(e => e.Type == CalculationEvent.Completed).Payload is { } completed
            ? CalculationItem.StatusOf(EventCodec.ReadCompleted(completed))
            : null;
        return new(
            run.Id,
            run.Market,
            run.BusinessDate,
            run.Revision,
            user,
            ended,
            events.ConvertAll(e => Expand(e, expander)),
            CalculationLinks.Of(run.Id, user)
        );
    }

    private static EventDocument Expand(StoredEvent stored, EventExpander? expander)
    {
        switch (stored.Type)
        {
            case CalculationEvent.Started:
                return new StartedDocument(stored.At, EventCodec.ReadStarted(stored.Payload));
            case CalculationEvent.InputsCaptured when expander is not null:
                return expander.Inputs(stored.At);
            case CalculationEvent.ScoresComputed when expander is not null:
                return expander.Scores(stored.At, stored.Payload);
            case CalculationEvent.Completed:
                var end = EventCodec.ReadCompleted(stored.Payload);
                return new CompletedDocument(
                    stored.At,
                    CalculationItem.StatusOf(end),
                    end.Duration.TotalMilliseconds,
                    end.Scores,
                    end.Recommendations,
                    end.Stage?.ToString().ToLowerInvariant(),
                    end.Reason
                );
            default:
                throw new InvalidDataException($"Event {stored.Type} is stored without the event InputsCaptured that it needs.");
        }
    }

    private async Task<EventExpander> ExpanderAsync(CalculationRun run, byte[] captured, CancellationToken ct)
    {
        var inputs = EventCodec.ReadInputs(captured);
        await using var batch = dataSource.CreateBatch();
        batch.BatchCommands.Add(Statement.Of(Snapshot, inputs.SnapshotId));
        batch.BatchCommands.Add(Statement.Of(Rules, inputs.Portfolio.CriteriaVersionId));
        await using var reader = await batch.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct))
            throw new InvalidDataException($"Market snapshot {inputs.SnapshotId}, which the inputs name, is missing.");
        MarketSnapshotHeader header = new(
            inputs.SnapshotId,
            run.Market,
            run.BusinessDate,
            reader.GetFieldValue<DateTimeOffset>(0),
            await reader.IsDBNullAsync(1, ct) ? null : reader.GetFieldValue<DateTimeOffset>(1),
            await reader.IsDBNullAsync(2, ct) ? null : reader.GetFieldValue<DateTimeOffset>(2)
        );
        var market = MarketSnapshotCodec.Decode(header, reader.GetFieldValue<byte[]>(3));
        await reader.NextResultAsync(ct);
        return new(inputs, market, await reader.ReadAsync(ct) ? JsonSurrogates.Repair(reader.GetString(0)) : null);
    }

    private async Task<List<StoredEvent>> EventsAsync(CalculationRun run, Guid user, CancellationToken ct)
    {
        await using var command = dataSource.Command(Events, run.BusinessDate, run.Id, user);
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<StoredEvent> events = [];
        while (await reader.ReadAsync(ct))
            events.Add(new((CalculationEvent)reader.GetInt16(0), reader.GetFieldValue<DateTimeOffset>(1), reader.GetFieldValue<byte[]>(2)));
        return events;
    }
}
