namespace Overnight.Core.Caching;

/// <summary>Keeps entries of the cache in this process, and drops those that a message of <see cref="CacheChannel"/> names.</summary>
public interface IChangeHandler
{
    /// <summary>Memory that is enabled only while the channel is received; null for none.</summary>
    IMemory? Memory => null;

    /// <summary>Results of a range of users were replaced. The range includes both ends, in PostgreSQL's order of <c>uuid</c>.</summary>
    void ResultsChanged(Guid firstUser, Guid lastUser) { }

    /// <summary>The entries of these keys were invalidated.</summary>
    void Forget(IReadOnlyList<string> keys) { }

    /// <summary>Entries of a tenant must have this generation, or a later one, from now on.</summary>
    void GenerationRaised(Guid tenant, IReadOnlyList<string> entities, long generation) { }

    /// <summary>Drops what expired.</summary>
    void Trim() { }
}
