namespace Overnight.Core.Caching;

/// <summary>The cache server can't be reached, or did not answer in time.</summary>
public sealed class CacheAwayException : Exception
{
    public CacheAwayException()
        : this("The cache does not answer.") { }

    public CacheAwayException(string message)
        : base(message) { }

    public CacheAwayException(string message, Exception innerException)
        : base(message, innerException) { }
}
