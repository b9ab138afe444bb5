using System.Runtime.InteropServices;
using Npgsql;
using Overnight.Core.Auditing;
using Overnight.Core.Data;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Pipeline;

/// <summary>
/// Puts the portfolios and criteria that a past night captured in the place of those that are stored now, for the users it computed from
/// the same market snapshot.
/// </summary>
internal static class CapturedPortfolios
{
    private const string RunsOf = """
        overnight_job_runs r join calculation_events e on e.business_date = r.business_date and e.run_id = r.id and e.type = 2
        where r.job_type = 'scoring' and r.market = $1 and r.business_date = $2 and r.snapshot_id = $3 and r.id <> $4
        """;

    private const string Latest = $"""
        select distinct on (e.user_id) e.user_id, e.payload from {RunsOf} and e.user_id between $5 and $6 order by e.user_id, r.number desc
        """;

    private const string Criteria = "select id, rules, hash from criteria_versions where id = any ($1)";

    /// <summary>How many users have a captured portfolio of that snapshot.</summary>
    public static async Task<long> CountAsync(NpgsqlConnection connection, PipelineRun run, Guid snapshot, CancellationToken ct)
    {
        await using var command = connection.Command(
            $"select count(distinct e.user_id) from {RunsOf}",
            run.Market,
            run.BusinessDate,
            snapshot,
            run.Id
        );
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    public static async Task LoadAsync(
        NpgsqlConnection connection,
        ClaimedBatch batch,
        RunContext context,
        BatchData data,
        CancellationToken ct
    )
    {
        var run = context.Run;
        await using (
            var command = connection.Command(
                Latest,
                run.Market,
                run.BusinessDate,
                context.Market.Header.Id,
                run.Id,
                batch.FirstUser,
                batch.LastUser
            )
        )
        {
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
                Add(data, reader.GetGuid(0), reader.GetFieldValue<byte[]>(1));
        }
        if (data.Captured.Count == 0)
            return;
        var criteria = await CriteriaAsync(connection, data, ct);
        foreach (ref var user in CollectionsMarshal.AsSpan(data.Users))
        {
            if (!data.Captured.TryGetValue(user.Id, out var captured))
                continue;
            // Errors in today's portfolio and criteria are dropped, and so is a quarantine, because the captured ones are computed.
            data.Faults.Remove(user.Id);
            data.Failing.Remove(user.Id);
            if (!criteria.TryGetValue(captured.CriteriaVersionId, out var rules))
            {
                data.Fault(user.Id, new("criteria_erased", "The criteria of that night are not stored any more."));
                continue;
            }
            user = new(
                user.Id,
                captured.BaseCurrency,
                captured.Contribution?.ToDecimal(),
                captured.CriteriaVersionId,
                captured.CriteriaVersion,
                rules.Rules,
                rules.Hash
            );
        }
    }

    private static void Add(BatchData data, Guid user, byte[] payload)
    {
        try
        {
            data.Captured.Add(user, EventCodec.ReadInputs(payload).Portfolio);
        }
        catch (Exception exception) when (exception is InvalidDataException or ArgumentException or OverflowException)
        {
            // Fails this user only.
            data.Fault(user, LoadFault.Corrupt("calculation_events.payload", $"{payload.Length} bytes", "inputs that can be read"));
        }
    }

    private static async Task<Dictionary<Guid, (byte[] Rules, byte[] Hash)>> CriteriaAsync(
        NpgsqlConnection connection,
        BatchData data,
        CancellationToken ct
    )
    {
        Dictionary<Guid, (byte[], byte[])> criteria = [];
        await using var command = connection.Command(
            Criteria,
            data.Captured.Values.Select(one => one.CriteriaVersionId).Distinct().ToArray()
        );
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            criteria[reader.GetGuid(0)] = (reader.GetFieldValue<byte[]>(1), reader.GetFieldValue<byte[]>(2));
        return criteria;
    }
}
