using System.Numerics;
using Npgsql;
using Overnight.Core.Data;

namespace Overnight.Api.Audit;

/// <summary>
/// The calculations that an asset was in. Its postings say which batches of which runs, and which of their results; the
/// batch says between which users those are, and the key of results has them there.
/// </summary>
internal sealed class AssetCalculations(NpgsqlDataSource dataSource)
{
    // The nights of the period, newest first, and one look at the key of postings for each; it stops when the limit is reached.
    // The limit of the look keeps the planner from turning this round, so that batches of a run come as the look has them; to
    // order by them as well would read every night of the period before the first row.
    internal const string AssetPostings = """
        select n.id, n.market, n.business_date, n.revision, n.number, n.batch, n.positions, b.first_user, b.last_user
        from (
            select r.id, r.market, r.business_date, r.revision, r.number, p.batch, p.positions
            from overnight_job_runs r
            cross join lateral (
                select batch, positions from asset_postings
                where asset_id = $1 and business_date = r.business_date and run_id = r.id
                  and ((r.business_date, r.number) < ($4, $5) or batch <= $6)
                order by batch desc limit $7) p
            where r.job_type = 'scoring' and r.business_date between $2 and $3 and (r.business_date, r.number) <= ($4, $5)
            order by r.business_date desc, r.number desc limit $7) n
        join run_batches b on b.run_id = n.id and b.number = n.batch
        order by n.business_date desc, n.number desc, n.batch desc
        """;

    // One day of one month: every other partition is left out before it starts.
    internal const string Results = """
        select r.user_id, e.occurred_at, e.payload
        from calculation_results r
        join calculation_events e on e.business_date = $1 and e.run_id = $2 and e.user_id = r.user_id and e.type = 4
        where r.business_date = $1 and r.run_id = $2 and r.user_id between $3 and $4 and r.batch = $5 and r.position = any($6) and r.user_id < $7
        order by r.user_id desc limit $8
        """;

    private readonly record struct Posting(CalculationRun Run, int Batch, short[] Positions, Guid FirstUser, Guid LastUser);

    /// <summary>An item, with its place.</summary>
    internal readonly record struct Found(CalculationItem Item, PostingCursor Place);

    /// <summary>Newest first; within a batch, from the highest user id.</summary>
    public async Task<List<Found>> ListAsync(Guid asset, DateOnly from, DateOnly until, ListPage<PostingCursor> page, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var wanted = page.Limit + 1;
        List<Found> found = [];
        var after = page.After ?? new(DateOnly.MaxValue, long.MaxValue, int.MaxValue, Guid.AllBitsSet);
        while (found.Count < wanted)
        {
            var (postings, last) = await PostingsAsync(connection, asset, from, until, after, wanted, ct);
            await ReadAsync(connection, postings, after, wanted, found, ct);
            if (last || postings.Count == 0)
                break;
            // The bitmaps promised a full page and users were erased since; go on behind the last batch.
            var end = postings[^1];
            after = new(end.Run.BusinessDate, end.Run.Number, end.Batch, Guid.Empty);
        }
        return found;
    }

    /// <returns>As many postings as it takes to fill the page, and whether there are no more.</returns>
    private static async Task<(List<Posting> AssetPostings, bool Last)> PostingsAsync(
        NpgsqlConnection connection,
        Guid asset,
        DateOnly from,
        DateOnly until,
        PostingCursor after,
        int wanted,
        CancellationToken ct
    )
    {
        // Each has one result at least; and the one that the page before ended in may have none left.
        var limit = wanted + 1;
        await using var command = connection.Command(
            AssetPostings,
            asset,
            from,
            until < after.BusinessDate ? until : after.BusinessDate,
            after.BusinessDate,
            after.RunNumber,
            after.Batch,
            limit
        );
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<Posting> postings = [];
        var (rows, results) = (0, 0);
        while (await reader.ReadAsync(ct))
        {
            rows++;
            Posting posting = new(
                CalculationQueries.ReadRun(reader),
                reader.GetInt32(5),
                Positions(reader.GetFieldValue<byte[]>(6)),
                reader.GetGuid(7),
                reader.GetGuid(8)
            );
            postings.Add(posting);
            // Of the batch that the page before ended in nobody knows how many are left.
            if (posting.Run.Number != after.RunNumber || posting.Batch != after.Batch)
                results += posting.Positions.Length;
            if (results >= wanted)
                return (postings, false);
        }
        return (postings, rows < limit);
    }

    private static async Task ReadAsync(
        NpgsqlConnection connection,
        List<Posting> postings,
        PostingCursor after,
        int wanted,
        List<Found> found,
        CancellationToken ct
    )
    {
        if (postings.Count == 0)
            return;
        await using NpgsqlBatch commands = new(connection);
        foreach (var (run, batch, positions, first, last) in postings)
        {
            // Nothing is above the highest id but in the batch where the page before ended.
            var below = run.Number == after.RunNumber && batch == after.Batch ? after.User : Guid.AllBitsSet;
            NpgsqlBatchCommand command = new(Results);
            foreach (var value in (object[])[run.BusinessDate, run.Id, first, last, batch, positions, below, wanted])
                command.Parameters.Add(new() { Value = value });
            commands.BatchCommands.Add(command);
        }
        await using var reader = await commands.ExecuteReaderAsync(ct);
        foreach (var posting in postings)
        {
            while (await reader.ReadAsync(ct) && found.Count < wanted)
            {
                var user = reader.GetGuid(0);
                found.Add(
                    new(
                        CalculationItem.From(posting.Run, user, reader.GetFieldValue<DateTimeOffset>(1), reader.GetFieldValue<byte[]>(2)),
                        new(posting.Run.BusinessDate, posting.Run.Number, posting.Batch, user)
                    )
                );
            }
            if (found.Count >= wanted)
                return;
            await reader.NextResultAsync(ct);
        }
    }

    /// <summary>The bits that are set, least significant first.</summary>
    private static short[] Positions(byte[] bitmap)
    {
        List<short> positions = [];
        for (var at = 0; at < bitmap.Length; at++)
        {
            for (uint bits = bitmap[at]; bits != 0; bits &= bits - 1)
                positions.Add((short)(at * 8 + BitOperations.TrailingZeroCount(bits)));
        }
        return [.. positions];
    }
}
