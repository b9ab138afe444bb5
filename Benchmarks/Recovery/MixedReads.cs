using Overnight.Benchmarks.Load;
using Overnight.Benchmarks.Pipeline;

namespace Overnight.Benchmarks.Recovery;

/// <summary>
/// 60 % dashboards, 20 % reference data, 20 % flags; of the users, 60 % of reads are of 1 %. Deterministic, so that
/// both recoveries are asked the same. Not thread-safe.
/// </summary>
internal sealed class MixedReads(IReadOnlyList<string> tokens, int flags)
{
    private const int DashboardPercent = 60,
        ReferencePercent = 20,
        Seed = 4;

    /// <summary>What a tenant's pages ask for, of each phase.</summary>
    private static readonly string[] Entities =
    [
        "finance/coa",
        "finance/periods",
        "finance/current-period",
        "sales/pipeline-stages",
        "manufacturing/work-centers",
        "finance/xrate?from=USD&to=EUR&date=latest",
        "sales/materials?page=1&limit=100",
        "sales/kits",
        "sales/pricing-rules",
        "wms/facilities",
        "finance/trial-balance?period=current",
        "finance/gl-balances?period=current",
        "equipment/health",
    ];

    private readonly Random random = new(Seed);
    private UserMix users = new(tokens.Count, Seed);

    /// <summary>The tokens of a plan, as <see cref="Dashboard.SessionSeed"/> writes it.</summary>
    public static async Task<IReadOnlyList<string>> TokensAsync(string plan, CancellationToken ct) =>
        [.. (await File.ReadAllLinesAsync(plan, ct)).Select(line => line[..line.IndexOf(' ', StringComparison.Ordinal)])];

    public PacedRead Next()
    {
        var token = tokens[users.Next()];
        return random.Next(100) switch
        {
            < DashboardPercent => new(ReadKind.Dashboard, "/api/dashboard", token),
            < DashboardPercent + ReferencePercent => new(
                ReadKind.Reference,
                $"/api/reference/{Entities[random.Next(Entities.Length)]}",
                token
            ),
            _ => new(ReadKind.Flag, $"/api/config/flags/{DemoTenantsAndFlags.Flag(1 + random.Next(flags))}", token),
        };
    }
}
