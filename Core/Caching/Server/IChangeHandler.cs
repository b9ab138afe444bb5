namespace Overnight.Core.Caching;

/// <summary>Who keeps something of the cache in this process, and forgets it when <see cref="CacheChannel"/> tells of a change.</summary>
public interface IChangeHandler
{
    /// <summary>In use only while the channel is heard; null for none.</summary>
    IMemory? Memory => null;

    /// <summary>Results of a range of users were replaced, both ends included, in PostgreSQL's order of ids.</summary>
    void ResultsChanged(Guid firstUser, Guid lastUser) { }

    /// <summary>Entries were invalidated.</summary>
    void Forget(IReadOnlyList<string> keys) { }

    /// <summary>Entries of a tenant are valid from this generation on.</summary>
    void GenerationRaised(Guid tenant, IReadOnlyList<string> entities, long generation) { }

    /// <summary>Drops what is over.</summary>
    void Trim() { }
}
