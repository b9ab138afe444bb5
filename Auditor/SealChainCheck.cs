using Npgsql;

namespace Overnight.Auditor;

/// <summary>A link of the chain, as far as runs are checked by it.</summary>
internal sealed record AuditedSeal(long Number, string Market, DateOnly Day, int Revision, byte[] Root, byte[] SnapshotHash);

/// <summary>
/// Seals are numbered without gaps, each names the one before it, and its hash is that of its columns; the run of each is there while its
/// day is kept.
/// </summary>
internal static class SealChainCheck
{
    private const byte Kind = 2;

    private const string Seals = """
        select s.seq, s.run_id, s.market, s.business_date, s.revision, s.root, s.snapshot_hash, s.sealed_at, s.previous, s.hash,
            s.market = 'RETENTION' or exists (select from erasures e where e.id = s.run_id)
                or s.market <> 'ERASURE' and s.business_date < $1 is true or exists (select from overnight_job_runs r where r.id = s.run_id)
        from seals s order by s.seq
        """;

    /// <param name="kept">The first day that is kept; null for all.</param>
    /// <returns>The seals by their runs.</returns>
    public static async Task<Dictionary<Guid, AuditedSeal>> RunAsync(
        NpgsqlConnection connection,
        DateOnly? kept,
        AuditReport report,
        CancellationToken ct
    )
    {
        Dictionary<Guid, AuditedSeal> seals = [];
        await using var command = connection.Command(Seals, DatabaseAudit.OrNull(kept));
        await using var reader = await command.ExecuteReaderAsync(ct);
        var (next, before) = (1L, new byte[Hashes.Length]);
        while (await reader.ReadAsync(ct))
        {
            var (number, run) = (reader.GetInt64(0), reader.GetGuid(1));
            var (market, day, revision) = (reader.GetString(2), reader.GetFieldValue<DateOnly>(3), reader.GetInt32(4));
            var (root, snapshot) = (reader.GetFieldValue<byte[]>(5), reader.GetFieldValue<byte[]>(6));
            var (previous, hash) = (reader.GetFieldValue<byte[]>(8), reader.GetFieldValue<byte[]>(9));
            var row = new RowBytes().Raw(Kind).Row(number, run, market, day, revision, root, snapshot, reader.GetDateTime(7), previous);
            if (number != next)
                report.Add(FindingName.RemovedSeal, $"seal {next} is not there, and seal {number} is.");
            else if (!Hashes.Same(previous, before))
                report.Add(FindingName.AlteredSeal, $"seal {number} does not follow the one before it.");
            if (!Hashes.Same(Hashes.Of(row), hash))
                report.Add(FindingName.AlteredSeal, $"the columns of seal {number} do not give its hash.");
            if (!reader.GetBoolean(10))
                report.Add(FindingName.RemovedRun, $"seal {number} is of {market}, {day:yyyy-MM-dd}, and its run {run} is not there.");
            seals[run] = new(number, market, day, revision, root, snapshot);
            (next, before) = (number + 1, hash);
        }
        return seals;
    }
}
