using System.Numerics;
using System.Text;
using Npgsql;
using Overnight.Core.Json;

namespace Overnight.Tests.Dashboard;

/// <summary>Results as a night leaves them, without a night.</summary>
internal static class TestResults
{
    /// <summary>An entry in canonical order, told from others by its total.</summary>
    public static byte[] Entry(
        Guid userId,
        string total = "1000.0000",
        string generatedAt = "2026-11-21T03:12:45.123Z",
        string ratesAsOf = "2026-11-20T16:00:00Z",
        string marks = ""
    ) =>
        Close(
            $$$"""
            {"userId":"{{{userId:D}}}","generatedAt":"{{{generatedAt}}}","recommendations":[{"assetId":"019a0000-0000-7000-8000-000000000001","symbol":"AAA","score":"12.5000","amount":"{{{total}}}","currency":"USD","allocationGap":"3.2500","breakdown":{"criteriaCount":10,"topContributor":"P/E \"low\", \"dataFreshness\":{\"pricesAsOf\":1}"}}],"portfolioSummary":{"totalValue":"52000.1000","baseCurrency":"USD","allocations":{"Shares":"61.2000","Bonds, \"long\"":"38.8000"}},"dataFreshness":{"pricesAsOf":"2026-11-20T21:00:00Z","ratesAsOf":"{{{ratesAsOf}}}","criteriaVersion":"3"{{{marks}}}},"totalInvestable":"{{{total}}}","baseCurrency":"USD","unallocated":"0.0000"
            """
        );

    public static byte[] Portfolio(Guid userId) =>
        Close(
            $$$"""
            {"userId":"{{{userId:D}}}","totalValue":"52000.1000","assetCount":30,"allocations":[{"className":"Shares","currentPercent":"61.2000","targetMin":"50.0000","targetMax":"70.0000"}]
            """
        );

    /// <summary>An entry of another user, as it would be were it of this one.</summary>
    public static byte[] OfUser(byte[] entry, Guid owner, Guid user) =>
        Close(
            Encoding
                .UTF8.GetString(entry[..^ChecksummedJson.TailLength])
                .Replace($"{{\"userId\":\"{owner:D}\"", $"{{\"userId\":\"{user:D}\"", StringComparison.Ordinal)
        );

    /// <returns>The run's id.</returns>
    public static async Task<Guid> AddResultAsync(
        this NpgsqlDataSource database,
        Guid userId,
        byte[] recommendations,
        string day = "2026-11-21"
    )
    {
        var run = Guid.CreateVersion7();
        await database.ExecuteAsync("select ensure_month($1)", DateOnly.Parse(day));
        await database.ExecuteAsync(
            "insert into calculation_results values ($1, $2, $3, 1, 0, now(), $4, $5)",
            userId,
            DateOnly.Parse(day),
            run,
            recommendations,
            Portfolio(userId)
        );
        await database.ExecuteAsync(
            """
            insert into current_results values ($1, $2, $3)
            on conflict (user_id) do update set business_date = excluded.business_date, run_id = excluded.run_id
            """,
            userId,
            DateOnly.Parse(day),
            run
        );
        return run;
    }

    /// <summary>The entry as a build with another schema would write it: whole, and well summed.</summary>
    public static byte[] OfAnotherShape(byte[] entry)
    {
        var body = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(entry[..^ChecksummedJson.TailLength]) + ",\"schema\":0");
        var crc = body.Aggregate(uint.MaxValue, BitOperations.Crc32C);
        return [.. body, .. Encoding.UTF8.GetBytes($",\"checksum\":\"{~crc:x8}\"}}")];
    }

    internal static byte[] Close(string open)
    {
        var bytes = Encoding.UTF8.GetBytes(open);
        var entry = new byte[bytes.Length + ChecksummedJson.TailLength];
        bytes.CopyTo(entry, 0);
        ChecksummedJson.WriteTail(entry, bytes.Length);
        return entry;
    }
}
