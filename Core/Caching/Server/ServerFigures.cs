namespace Overnight.Core.Caching;

/// <summary>What a server tells of itself.</summary>
/// <param name="Told">Its <c>INFO</c>, by field.</param>
public sealed record ServerFigures(string EndPoint, long Keys, TimeSpan Latency, IReadOnlyDictionary<string, string> Told);
