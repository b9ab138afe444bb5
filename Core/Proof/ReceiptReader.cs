using System.Text;
using Npgsql;
using Overnight.Core.Auditing;
using Overnight.Core.Data;

namespace Overnight.Core.Proof;

/// <summary>Makes the receipt of one user's calculation from what is stored.</summary>
internal sealed class ReceiptReader(NpgsqlDataSource database)
{
    private const string Run = "select business_date from overnight_job_runs where id = $1 and job_type = 'scoring'";

    private const string SealOfRun = $"select {Seal.Columns} from seals where run_id = $1";

    private const string Events =
        "select type, occurred_at, payload from calculation_events where business_date = $1 and run_id = $2 and user_id = $3 order by type";

    private const string Result = """
        select batch, position, generated_at, recommendations, portfolio from calculation_results
        where business_date = $1 and run_id = $2 and user_id = $3
        """;

    private const string Criteria = "select id, version, created_at, rules::text from criteria_versions where id = $1 and user_id = $2";

    private const string Leaves = """
        select number, leaves from run_batches where run_id = $1 and status = 'done' and $2 between first_user and last_user
        """;

    private const string Roots = "select number, root from run_batches where run_id = $1 and status = 'done' order by number";

    /// <returns>Null where the run has nothing of the user, or is not sealed.</returns>
    /// <exception cref="InvalidDataException">What is stored is not what was sealed.</exception>
    public async Task<Receipt?> FindAsync(Guid run, Guid user, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        if (await DayAsync(connection, run, ct) is not { } day)
            return null;
        var events = await EventsAsync(connection, day, run, user, ct);
        if (events.Count == 0 || await SealAsync(connection, run, ct) is not { } seal)
            return null;
        Receipt receipt = new(
            Receipt.CurrentFormat,
            user,
            run,
            day,
            await ResultAsync(connection, day, run, user, ct),
            await CriteriaAsync(connection, events, user, ct),
            events,
            [],
            seal.Sequence,
            Convert.ToHexStringLower(seal.Root)
        );
        // Without a path the receipt leads to its own leaf.
        receipt = receipt with { Path = await PathAsync(connection, run, user, receipt.ComputeRoot(), ct) };
        return receipt.ComputeRoot().AsSpan().SequenceEqual(seal.Root) ? receipt : throw NotAsSealed(run);
    }

    private static async Task<IReadOnlyList<ReceiptStep>> PathAsync(
        NpgsqlConnection connection,
        Guid run,
        Guid user,
        byte[] leaf,
        CancellationToken ct
    )
    {
        var (batch, leaves) = await LeavesAsync(connection, run, user, ct) ?? throw NotAsSealed(run);
        List<byte> roots = [];
        var place = -1;
        await using var command = connection.Command(Roots, run);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            if (reader.GetInt32(0) == batch)
                place = roots.Count / HashTree.Length;
            if (!await reader.IsDBNullAsync(1, ct))
                roots.AddRange(reader.GetFieldValue<byte[]>(1));
        }
        for (var i = 0; i < leaves.Length / HashTree.Length; i++)
        {
            if (leaves.AsSpan(i * HashTree.Length, HashTree.Length).SequenceEqual(leaf))
            {
                return
                [
                    .. HashTree
                        .Path(leaves, i)
                        .Concat(HashTree.Path(roots.ToArray(), place))
                        .Select(step => new ReceiptStep(step.IsLeft ? "left" : "right", Convert.ToHexStringLower(step.Hash.Span))),
                ];
            }
        }
        throw NotAsSealed(run);
    }

    private static InvalidDataException NotAsSealed(Guid run) =>
        new($"What is stored of the calculation is not what was sealed. An administrator can see more: jobs verify --run {run}");

    private static async Task<(int Batch, byte[] Leaves)?> LeavesAsync(
        NpgsqlConnection connection,
        Guid run,
        Guid user,
        CancellationToken ct
    )
    {
        await using var command = connection.Command(Leaves, run, user);
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) && !await reader.IsDBNullAsync(1, ct)
            ? (reader.GetInt32(0), reader.GetFieldValue<byte[]>(1))
            : null;
    }

    private static async Task<DateOnly?> DayAsync(NpgsqlConnection connection, Guid run, CancellationToken ct)
    {
        await using var command = connection.Command(Run, run);
        return await command.ExecuteScalarAsync(ct) as DateOnly?;
    }

    private static async Task<Seal?> SealAsync(NpgsqlConnection connection, Guid run, CancellationToken ct)
    {
        await using var command = connection.Command(SealOfRun, run);
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? Seal.Read(reader) : null;
    }

    private static async Task<List<ReceiptEvent>> EventsAsync(
        NpgsqlConnection connection,
        DateOnly day,
        Guid run,
        Guid user,
        CancellationToken ct
    )
    {
        List<ReceiptEvent> events = [];
        await using var command = connection.Command(Events, day, run, user);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            events.Add(new(reader.GetInt16(0), reader.GetFieldValue<DateTimeOffset>(1), reader.GetFieldValue<byte[]>(2)));
        return events;
    }

    private static async Task<ReceiptResult?> ResultAsync(
        NpgsqlConnection connection,
        DateOnly day,
        Guid run,
        Guid user,
        CancellationToken ct
    )
    {
        await using var command = connection.Command(Result, day, run, user);
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct)
            ? new(
                reader.GetInt32(0),
                reader.GetInt16(1),
                reader.GetFieldValue<DateTimeOffset>(2),
                Encoding.UTF8.GetString(reader.GetFieldValue<byte[]>(3)),
                Encoding.UTF8.GetString(reader.GetFieldValue<byte[]>(4))
            )
            : null;
    }

    private static async Task<ReceiptCriteria?> CriteriaAsync(
        NpgsqlConnection connection,
        List<ReceiptEvent> events,
        Guid user,
        CancellationToken ct
    )
    {
        if (events.Find(one => one.Type == (int)CalculationEvent.InputsCaptured) is not { } inputs)
            return null;
        await using var command = connection.Command(Criteria, EventCodec.ReadInputs(inputs.Payload).Portfolio.CriteriaVersionId, user);
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct)
            ? new(reader.GetGuid(0), reader.GetInt32(1), reader.GetFieldValue<DateTimeOffset>(2), reader.GetString(3))
            : null;
    }
}
