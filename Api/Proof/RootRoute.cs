using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;
using Overnight.Api.Paging;
using Overnight.Core.Data;
using Overnight.Core.Proof;

namespace Overnight.Api.Proof;

/// <summary>A link of the chain, for whoever wants to keep it elsewhere.</summary>
/// <param name="Sequence">Number in the chain, from 1.</param>
/// <param name="RunId">Null for an erasure, and so are root and snapshot hash: its id leads to a receipt with counts of what was removed,
/// and its root is made of leaves that somebody may know. Who checks the chain needs neither.</param>
/// <param name="Root">Of the run's results and events; what receipts lead to. Hashes are SHA-256 in hexadecimal.</param>
/// <param name="SnapshotHash">Of the run's market snapshot.</param>
/// <param name="Previous">The hash of the seal before.</param>
/// <param name="Hash">Of this seal with all its fields.</param>
internal sealed record RootItem(
    long Sequence,
    Guid? RunId,
    string Market,
    DateOnly BusinessDate,
    int Revision,
    string? Root,
    string? SnapshotHash,
    DateTimeOffset SealedAt,
    string Previous,
    string Hash
)
{
    public static RootItem Of(Seal seal)
    {
        var isRun = seal.Market != SealChain.Erasure;
        return new(
            seal.Sequence,
            isRun ? seal.RunId : null,
            seal.Market,
            seal.BusinessDate,
            seal.Revision,
            isRun ? Convert.ToHexStringLower(seal.Root) : null,
            isRun ? Convert.ToHexStringLower(seal.SnapshotHash) : null,
            seal.SealedAt,
            Convert.ToHexStringLower(seal.Previous),
            Convert.ToHexStringLower(seal.Hash)
        );
    }
}

/// <summary>A place in the chain, latest first.</summary>
internal readonly record struct RootCursor([property: JsonPropertyName("Seal")] long Sequence);

/// <summary>Publishes the roots of all runs, which name nobody.</summary>
internal static class RootRoute
{
    private const string Latest = $"select {Seal.Columns} from seals where seq < $1 order by seq desc limit $2";

    public static void MapRoots(this WebApplication app) =>
        app.MapGet("/api/roots", ListAsync)
            .WithTags("Calculations")
            .AllowAnonymous()
            .WithName("ListRoots")
            .WithSummary(
                "The chain of seals, latest first: for each finished run the root of its results and events, to which receipts lead; the first day that retention keeps (market RETENTION) is a seal as well. Of an erasure (market ERASURE) there are the place in the chain, the time and the hashes of the chain alone. For everybody, so that a root can be kept where nobody here can change it. limit is 1 to 200, 50 when left out; cursor is the nextCursor of the page before."
            );

    private static async Task<Results<Ok<Listed<RootItem>>, ValidationProblem>> ListAsync(
        string? limit,
        string? cursor,
        NpgsqlDataSource database,
        CancellationToken ct
    )
    {
        QueryErrors errors = new();
        var page = PageQuery<RootCursor>.Read(limit, cursor, errors);
        if (errors.Any)
            return errors.ToProblem();
        List<Seal> seals = [];
        await using var command = database.Command(Latest, page.After?.Sequence ?? long.MaxValue, page.Limit + 1);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            seals.Add(Seal.Read(reader));
        return TypedResults.Ok(Listed<RootItem>.Of(seals, page, seal => new RootCursor(seal.Sequence), RootItem.Of));
    }
}
