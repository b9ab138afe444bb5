namespace Overnight.Core.Caching;

/// <summary>Figures that a cache server reports.</summary>
/// <param name="EndPoint">The server's address.</param>
/// <param name="Keys">Number of keys in the database.</param>
/// <param name="Latency">Time of one ping.</param>
/// <param name="Told">The answer of <c>INFO</c>, by field.</param>
public sealed record CacheServerInfo(string EndPoint, long Keys, TimeSpan Latency, IReadOnlyDictionary<string, string> Told);
