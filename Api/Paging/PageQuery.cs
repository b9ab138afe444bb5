using Overnight.Api.Problems;

namespace Overnight.Api.Paging;

/// <summary>What a client asked of a list: <c>?limit=&amp;cursor=</c>.</summary>
/// <param name="After">The last item of the page before; null on the first.</param>
internal readonly record struct PageQuery<TCursor>(int Limit, TCursor? After)
    where TCursor : struct
{
    public const int DefaultLimit = 50;
    public const int MaxLimit = 200;

    /// <summary>Reads both parameters and adds an error for each that is not valid.</summary>
    /// <param name="usual">Limit when it is left out.</param>
    public static PageQuery<TCursor> Read(string? limit, string? cursor, QueryErrors errors, int usual = DefaultLimit)
    {
        var size = errors.WholeNumber("limit", limit, MaxLimit, usual);
        TCursor? after = null;
        if (cursor is not null)
        {
            if (Cursor.TryDecode<TCursor>(cursor, out var parsed))
                after = parsed;
            else
                errors.Add(
                    "cursor",
                    $"must be the nextCursor of an earlier answer to the same question, not '{DisplayText.Short(cursor)}'"
                );
        }
        return new(size, after);
    }
}
