using Npgsql;
using Overnight.Core.Auditing;
using Overnight.Core.Data;
using Overnight.Core.Proof;

namespace Overnight.Jobs.Proof;

/// <summary>What is stored of one user's calculation, as places in the buffers of <see cref="StoredCalculations"/>.</summary>
internal sealed class StoredCalculation(Guid user)
{
    public Guid User { get; } = user;

    /// <summary>Types of the events in their order, as bits: bit n for type n.</summary>
    public int Types { get; set; }

    public Range? Events { get; set; }
    public Range? Result { get; set; }

    /// <summary>The leaf's random bytes; null without a readable CALC_STARTED.</summary>
    public byte[]? Salt { get; set; }

    /// <summary>The criteria version that the inputs name; null without readable inputs.</summary>
    public Guid? Criteria { get; set; }
}

/// <summary>The rows of a range of users in one run, byte for byte; reused from batch to batch. Not thread-safe.</summary>
internal sealed class StoredCalculations(NpgsqlConnection connection)
{
    private readonly CopyReader _events = new(),
        _results = new();
    private readonly Dictionary<Guid, StoredCalculation> _users = [];

    /// <summary>By the ids of their users.</summary>
    public IReadOnlyList<StoredCalculation> All { get; private set; } = [];

    public long EventRows { get; private set; }
    public long ResultRows { get; private set; }

    public ReadOnlySpan<byte> EventsOf(StoredCalculation one) => one.Events is { } range ? _events.Slice(range) : [];

    public ReadOnlySpan<byte> ResultOf(StoredCalculation one) => one.Result is { } range ? _results.Slice(range) : [];

    public async Task LoadAsync(VerifiedRun run, Guid first, Guid last, CancellationToken ct)
    {
        // COPY takes no parameters; only ids and a date are put into its text.
        var where =
            $"business_date = '{run.BusinessDate:yyyy-MM-dd}' and run_id = '{run.Id:D}' and user_id between '{first:D}' and '{last:D}'";
        _users.Clear();
        EventRows = ResultRows = 0;
        await _events.LoadAsync(
            connection,
            $"select {HashedColumns.EventColumns} from calculation_events where {where} order by user_id, type",
            ct
        );
        while (_events.NextRow())
            ReadEvent();
        await _results.LoadAsync(
            connection,
            $"select {HashedColumns.ResultColumns} from calculation_results where {where} order by user_id",
            ct
        );
        while (_results.NextRow())
        {
            var one = Of(_results.Guid());
            _results.Skip(HashedColumns.ResultFields - 1);
            one.Result = _results.Row;
            ResultRows++;
        }
        All = [.. _users.Values.OrderBy(one => one.User)];
    }

    private void ReadEvent()
    {
        _events.Skip(2);
        var one = Of(_events.Guid());
        var type = _events.SmallInt();
        _events.Skip(1);
        var payload = _events.Bytes();
        one.Types |= 1 << type;
        one.Events = one.Events is { } before ? before.Start.._events.Row.End : _events.Row;
        EventRows++;
        try
        {
            if (type == (int)CalculationEvent.Started)
            {
                EventCodec.ReadStarted(payload, out var salt);
                one.Salt = salt.IsEmpty ? null : salt.ToArray();
            }
            else if (type == (int)CalculationEvent.InputsCaptured)
                one.Criteria = EventCodec.ReadInputs(payload).Portfolio.CriteriaVersionId;
        }
        catch (Exception exception) when (exception is InvalidDataException or OverflowException or ArgumentException)
        {
            // A payload that was changed can be unreadable; the leaf is then without its salt or criteria, and differs.
        }
    }

    private StoredCalculation Of(Guid user)
    {
        if (!_users.TryGetValue(user, out var one))
            _users.Add(user, one = new(user));
        return one;
    }
}
