using System.Globalization;
using System.Text.Json;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Pipeline;

/// <summary>A result that would differ from the current one.</summary>
/// <param name="Share">
/// Half the sum of what each amount differs by, over the contribution: 1 when all of it would be bought elsewhere.
/// </param>
internal sealed record DryRunDifference(Guid UserId, decimal Share);

/// <summary>What a dry run computed, beside the current results.</summary>
internal sealed class DryRunComparison(PipelineRun run)
{
    /// <summary>How many of the largest differences are shown.</summary>
    private const int Shown = 10;

    // Names the run and when it was; market values may be of another day and lead to the same result.
    private static readonly string[] OfTheRun = ["generatedAt", "run", "dataFreshness", "checksum"];

    private readonly PriorityQueue<DryRunDifference, (decimal, Guid)> _largest = new();

    public PipelineRun Run => run;
    public int Computed { get; private set; }
    public int Failed { get; private set; }
    public int Differing { get; private set; }

    /// <summary>Users who have no current result.</summary>
    public int WithoutCurrent { get; private set; }

    /// <summary>The largest differences, the largest first.</summary>
    public IReadOnlyList<DryRunDifference> Largest =>
        [.. _largest.UnorderedItems.Select(item => item.Element).OrderByDescending(one => one.Share).ThenBy(one => one.UserId)];

    /// <param name="current">The value of <c>recs:{userId}</c> by user.</param>
    public void Add(IReadOnlyList<UserResult> results, int failed, Dictionary<Guid, byte[]> current)
    {
        Failed += failed;
        foreach (var result in results)
        {
            Computed++;
            if (!current.TryGetValue(result.UserId, out var before))
            {
                WithoutCurrent++;
                continue;
            }
            using var old = JsonDocument.Parse(before);
            using var fresh = JsonDocument.Parse(result.Recommendations);
            if (IsSame(old.RootElement, fresh.RootElement))
                continue;
            Differing++;
            DryRunDifference difference = new(result.UserId, ShareOf(old.RootElement, fresh.RootElement));
            _largest.Enqueue(difference, (difference.Share, difference.UserId));
            if (_largest.Count > Shown)
                _largest.Dequeue();
        }
    }

    private static bool IsSame(JsonElement old, JsonElement fresh)
    {
        var kept = fresh.EnumerateObject().Where(field => !OfTheRun.Contains(field.Name)).ToList();
        return kept.Count == old.EnumerateObject().Count(field => !OfTheRun.Contains(field.Name))
            && kept.All(field => old.TryGetProperty(field.Name, out var before) && JsonElement.DeepEquals(before, field.Value));
    }

    private static decimal ShareOf(JsonElement old, JsonElement fresh)
    {
        // Amounts in two currencies have no difference.
        if (old.GetProperty("baseCurrency").GetString() != fresh.GetProperty("baseCurrency").GetString())
            return 1;
        var contribution = Math.Max(Number(fresh.GetProperty("totalInvestable")), Number(old.GetProperty("totalInvestable")));
        if (contribution == 0)
            return 0;
        Dictionary<Guid, decimal> amounts = [];
        Add(fresh, 1);
        Add(old, -1);
        return amounts.Values.Sum(Math.Abs) / 2 / contribution;

        void Add(JsonElement result, int sign)
        {
            foreach (var one in result.GetProperty("recommendations").EnumerateArray())
            {
                var asset = one.GetProperty("assetId").GetGuid();
                amounts[asset] = amounts.GetValueOrDefault(asset) + sign * Number(one.GetProperty("amount"));
            }
        }
    }

    private static decimal Number(JsonElement text) => decimal.Parse(text.GetString()!, CultureInfo.InvariantCulture);
}
