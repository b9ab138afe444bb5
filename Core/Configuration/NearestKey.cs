namespace Overnight.Core;

/// <summary>Which known key a mistyped one was meant to be.</summary>
internal static class NearestKey
{
    /// <summary>Letters wrong, missing, too many or swapped with their neighbour: one in three may be, or two in a short key.</summary>
    private const int LeastDistance = 2,
        LettersPerError = 3;

    /// <returns>Null when none is near.</returns>
    public static string? Of(string given, IEnumerable<string> known) =>
        known
            .Select(key => (Key: key, Distance: Distance(Last(given), Last(key))))
            .Where(near => near.Distance <= Math.Max(LeastDistance, Last(near.Key).Length / LettersPerError))
            .OrderBy(near => near.Distance)
            .Select(near => near.Key)
            .FirstOrDefault();

    private static string Last(string key) => key[(key.LastIndexOf(':') + 1)..].ToUpperInvariant();

    /// <summary>Optimal string alignment: each edit counts one, and so do two neighbours that changed places.</summary>
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
