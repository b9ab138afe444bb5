namespace Overnight.Core;

/// <summary>Finds the known configuration key that is nearest to a mistyped one.</summary>
internal static class NearestKey
{
    /// <summary>Largest distance of a mistyped key, in edits: one for every three letters of the known key, but at least two.</summary>
    private const int LeastDistance = 2,
        LettersPerError = 3;

    /// <returns>The nearest known key; null when every key is too distant.</returns>
    public static string? Of(string given, IEnumerable<string> known) =>
        known
            .Select(key => (Key: key, Distance: Distance(Last(given), Last(key))))
            .Where(near => near.Distance <= Math.Max(LeastDistance, Last(near.Key).Length / LettersPerError))
            .OrderBy(near => near.Distance)
            .Select(near => near.Key)
            .FirstOrDefault();

    private static string Last(string key) => key[(key.LastIndexOf(':') + 1)..].ToUpperInvariant();

    /// <summary>Optimal string alignment distance: an insertion, deletion, substitution or swap of two neighbours counts one.</summary>
    internal static int Distance(string from, string to)
    {
        var rows = new int[from.Length + 1, to.Length + 1];
        for (var i = 0; i <= from.Length; i++)
        {
            for (var j = 0; j <= to.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    rows[i, j] = i + j;
                    continue;
                }
                var changed = rows[i - 1, j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
                rows[i, j] = Math.Min(changed, Math.Min(rows[i - 1, j], rows[i, j - 1]) + 1);
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
            }
        }
        return rows[from.Length, to.Length];
    }
}
