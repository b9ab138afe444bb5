using Npgsql;

namespace Overnight.Auditor;

/// <summary>Computes the leaves of a batch from the rows of its users.</summary>
internal static class LeafCalculator
{
    private const byte Leaf = 0,
        CriteriaVersion = 4;

    private const string Events = """
        select user_id, business_date, run_id, type, occurred_at, payload from calculation_events
        where business_date = $1 and run_id = $2 and user_id between $3 and $4 order by user_id, type
        """;

    private const string Results = """
        select user_id, business_date, run_id, batch, position, generated_at, recommendations, portfolio from calculation_results
        where business_date = $1 and run_id = $2 and user_id between $3 and $4 order by user_id
        """;

    private const string Criteria = "select id, user_id, version, created_at, rules::text, hash from criteria_versions where id = any ($1)";

    private sealed class Calculation
    {
        public RowBytes Events { get; } = new();
        public byte[] Result { get; set; } = [];
        public byte[]? Salt { get; set; }
        public Guid? Criteria { get; set; }
    }

    /// <returns>By user, in hexadecimal.</returns>
    public static async Task<List<(Guid User, string Leaf)>> ComputeAsync(
        NpgsqlConnection connection,
        AuditedRun run,
        AuditedBatch batch,
        AuditReport report,
        CancellationToken ct
    )
    {
        SortedDictionary<Guid, Calculation> users = [];
        await ReadEventsAsync(connection, run, batch, users, ct);
        await ReadResultsAsync(connection, run, batch, users, ct);
        var criteria = await CriteriaAsync(connection, [.. users.Values.Select(one => one.Criteria).OfType<Guid>()], report, ct);
        return [.. users.Select(one => (one.Key, Convert.ToHexString(LeafOf(one.Value, criteria))))];
    }

    private static byte[] LeafOf(Calculation one, Dictionary<Guid, byte[]> criteria)
    {
        var ofCriteria = one.Criteria is { } id && criteria.TryGetValue(id, out var hash) ? hash : [];
        return Hashes.Of(new RowBytes().Raw(Leaf).Raw(one.Salt ?? []).Raw(one.Events.ToArray()).Raw(one.Result).Field(ofCriteria));
    }

    private static async Task ReadEventsAsync(
        NpgsqlConnection connection,
        AuditedRun run,
        AuditedBatch batch,
        SortedDictionary<Guid, Calculation> users,
        CancellationToken ct
    )
    {
        await using var command = connection.Command(Events, run.Day, run.Id, batch.First, batch.Last);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var one = Of(users, reader.GetGuid(0));
            var (type, payload) = (reader.GetInt16(3), reader.GetFieldValue<byte[]>(5));
            one.Events.Row(reader.GetFieldValue<DateOnly>(1), reader.GetGuid(2), reader.GetGuid(0), type, reader.GetDateTime(4), payload);
            try
            {
                if (type == 1)
                    one.Salt = EventPayload.Salt(payload);
                else if (type == 2)
                    one.Criteria = EventPayload.Criteria(payload);
            }
            catch (Exception exception) when (exception is IndexOutOfRangeException or ArgumentOutOfRangeException)
            {
                // A damaged event: the leaf will differ.
            }
        }
    }

    private static async Task ReadResultsAsync(
        NpgsqlConnection connection,
        AuditedRun run,
        AuditedBatch batch,
        SortedDictionary<Guid, Calculation> users,
        CancellationToken ct
    )
    {
        await using var command = connection.Command(Results, run.Day, run.Id, batch.First, batch.Last);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            Of(users, reader.GetGuid(0)).Result = new RowBytes()
                .Row(
                    reader.GetGuid(0),
                    reader.GetFieldValue<DateOnly>(1),
                    reader.GetGuid(2),
                    reader.GetInt32(3),
                    reader.GetInt16(4),
                    reader.GetDateTime(5),
                    reader.GetFieldValue<byte[]>(6),
                    reader.GetFieldValue<byte[]>(7)
                )
                .ToArray();
        }
    }

    /// <param name="ids">The versions that the inputs name.</param>
    /// <returns>The stored hashes by id; a version that does not give its hash is reported.</returns>
    private static async Task<Dictionary<Guid, byte[]>> CriteriaAsync(
        NpgsqlConnection connection,
        Guid[] ids,
        AuditReport report,
        CancellationToken ct
    )
    {
        Dictionary<Guid, byte[]> hashes = [];
        await using var command = connection.Command(Criteria, ids);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var (id, user, version) = (reader.GetGuid(0), reader.GetGuid(1), reader.GetInt32(2));
            var row = new RowBytes().Raw(CriteriaVersion).Row(id, user, version, reader.GetDateTime(3), reader.GetString(4));
            hashes[id] = reader.GetFieldValue<byte[]>(5);
            if (!Hashes.Same(Hashes.Of(row), hashes[id]))
                report.AddCriteria(id, $"criteria version {version} of user {user} does not give the hash it was written with.");
        }
        return hashes;
    }

    private static Calculation Of(SortedDictionary<Guid, Calculation> users, Guid user)
    {
        if (!users.TryGetValue(user, out var one))
            users.Add(user, one = new());
        return one;
    }
}
