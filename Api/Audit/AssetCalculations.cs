using System.Numerics;
using Npgsql;
using Overnight.Api.Paging;
using Overnight.Core.Data;

namespace Overnight.Api.Audit;

/// <summary>
/// Finds the calculations that include an asset. The asset's postings name the batches and, as a bitmap, the results in each;
/// the batch's range of users then leads to the results by their primary key.
/// </summary>
internal sealed class AssetCalculations(NpgsqlDataSource dataSource)
{
    // Reads the runs of the period newest first, with one index lookup of postings per run, and stops at the limit. The inner limit
    // keeps the planner from reordering the join, so that the batches of a run arrive in order; ordering n by batch as well would read
    // every run of the period before the first row.
    internal const string AssetBitmaps = """
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

    // The business date lets the planner skip the partitions of all other months.
    internal const string Results = """
        select r.user_id, e.occurred_at, e.payload
        from calculation_results r
        join calculation_events e on e.business_date = $1 and e.run_id = $2 and e.user_id = r.user_id and e.type = 4
        where r.business_date = $1 and r.run_id = $2 and r.user_id between $3 and $4 and r.batch = $5 and r.position = any($6) and r.user_id < $7
        order by r.user_id desc limit $8
        """;

    private readonly record struct Posting(CalculationRun Run, int Batch, short[] Positions, Guid FirstUser, Guid LastUser);

    /// <summary>A calculation and its place in the list.</summary>
    internal readonly record struct Found(CalculationItem Item, PostingCursor Place);

    /// <summary>Newest first; within a batch, from the highest user id.</summary>
    public async Task<List<Found>> ListAsync(Guid asset, DateOnly from, DateOnly until, PageQuery<PostingCursor> page, CancellationToken ct)
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
            // Users erased since the run leave the page short of what the bitmaps count; continue after the last batch.
            var end = postings[^1];
            after = new(end.Run.BusinessDate, end.Run.Number, end.Batch, Guid.Empty);
        }
        return found;
    }

    /// <returns>As many postings as it takes to fill the page, and whether there are no more.</returns>
    private static async Task<(List<Posting> AssetBitmaps, bool Last)> PostingsAsync(
        NpgsqlConnection connection,
        Guid asset,
        DateOnly from,
        DateOnly until,
        PostingCursor after,
        int wanted,
        CancellationToken ct
    )
    {
        // Every posting has at least one result, except the batch in which the previous page ended, which may have none left.
        var limit = wanted + 1;
        await using var command = connection.Command(
            AssetBitmaps,
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
            // How many results are left in the batch where the previous page ended is not known, so they are not counted.
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
            // In the batch where the previous page ended, only users below that page's last one are read.
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
