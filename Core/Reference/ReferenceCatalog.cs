using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace Overnight.Core.Reference;

/// <summary>
/// Every entity of reference data. To add one, declare it in the list of its module: the endpoint, the warm set of its phase and
/// invalidation use the declaration. The name of a new module is added to <c>KeyTemplate.Reserved</c> as well.
/// </summary>
public static partial class ReferenceCatalog
{
    public static IReadOnlyList<ReferenceEntity> All { get; } = [.. Finance, .. Sales, .. Plant];

    /// <summary>Entities by the events that invalidate them.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<ReferenceEntity>> Events { get; } =
        All.SelectMany(entity => entity.Events, (entity, name) => (Event: name, Entity: entity))
            .GroupBy(pair => pair.Event, pair => pair.Entity)
            .ToFrozenDictionary(group => group.Key, IReadOnlyList<ReferenceEntity> (group) => [.. group], StringComparer.Ordinal);

    private static readonly FrozenDictionary<(string, string), ReferenceEntity> ByName = All.ToFrozenDictionary(entity =>
        (entity.Module, entity.Name)
    );

    public static ReferenceEntity? Find(string module, string entity) => ByName.GetValueOrDefault((module, entity));

    /// <param name="pattern">Such as <c>finance:*</c>, <c>*:*-balances</c> or <c>sales:kits</c>; an asterisk matches any text without a
    /// colon.</param>
    /// <returns>The entities that match; empty also when the text is no pattern.</returns>
    public static IReadOnlyList<ReferenceEntity> Matching(string pattern)
    {
        if (!Pattern().IsMatch(pattern))
            return [];
        Regex matches = new($@"\A{pattern.Replace("*", "[^:]*", StringComparison.Ordinal)}\z", RegexOptions.NonBacktracking);
        return [.. All.Where(entity => matches.IsMatch(entity.FullName))];
    }

    [GeneratedRegex(@"\A[a-z*-]{1,40}:[a-z*-]{1,40}\z")]
    private static partial Regex Pattern();
}
