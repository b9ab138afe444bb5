using System.Data.Common;
using System.Text.Json;

namespace Overnight.Tests.Audit;

/// <summary>How PostgreSQL answered a query: which tables it read, and how.</summary>
internal sealed class QueryPlan
{
    private readonly List<(string Node, string Relation, string? Index)> _reads = [];

    /// <summary>Tables and partitions that were read; those that the plan named and did not come to are left out.</summary>
    public IEnumerable<string> Relations => _reads.Select(r => r.Relation).Distinct(StringComparer.Ordinal);

    /// <summary>Tables that were read from end to end.</summary>
    public IEnumerable<string> ReadWhole => _reads.Where(r => r.Node == "Seq Scan").Select(r => r.Relation);

    public IEnumerable<string> Indexes => _reads.Select(r => r.Index).OfType<string>();

    /// <summary>Runs the query as it is, with its parameters.</summary>
    public static async Task<QueryPlan> OfAsync(DbCommand command, CancellationToken ct)
    {
        command.CommandText = $"explain (analyze, format json) {command.CommandText}";
        using var document = JsonDocument.Parse((string)(await command.ExecuteScalarAsync(ct))!);
        QueryPlan plan = new();
        plan.Add(document.RootElement[0].GetProperty("Plan"));
        return plan;
    }

    private void Add(JsonElement node)
    {
        if (node.TryGetProperty("Relation Name", out var relation) && node.GetProperty("Actual Loops").GetDouble() > 0)
        {
            _reads.Add(
                (
                    node.GetProperty("Node Type").GetString()!,
                    relation.GetString()!,
                    node.TryGetProperty("Index Name", out var index) ? index.GetString() : null
                )
            );
        }
        if (!node.TryGetProperty("Plans", out var children))
            return;
        foreach (var child in children.EnumerateArray())
            Add(child);
    }
}
