namespace Overnight.Core.Warming;

/// <summary>The cache is away, did not answer in time, or refused a write; nothing may be marked as cached.</summary>
public sealed class CacheWriteException : Exception
{
    public CacheWriteException()
        : this("The cache could not be written.") { }

    public CacheWriteException(string message)
        : base(message) { }

    public CacheWriteException(string message, Exception innerException)
        : base(message, innerException) { }

    /// <summary>The server is well and would not take it, as when it is full; else it is away.</summary>
    public bool IsRefusal { get; init; }
}
