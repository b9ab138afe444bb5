using Microsoft.Extensions.Options;
using Npgsql;
using Overnight.Core.Caching;

namespace Overnight.Core.Flags;

/// <summary>Flags as everyone reads them: through the cache, counted, and past their age while nobody can be asked (SPEC F1, F5).</summary>
public sealed class FlagReader(EntryReader entries, FlagStore store, FlagAccess access, IOptions<FlagOptions> options)
{
    private readonly string _environment = options.Value.Environment;
    private readonly EntryKind _kind = new(
        CacheSet.Flags,
        CacheKeys.FlagTtl,
        options.Value.MemoryTtl > TimeSpan.Zero ? options.Value.MemoryTtl : null,
        StaleIfError: true
    );

    /// <param name="key">As <see cref="FeatureFlag.IsKey"/> has it.</param>
    /// <param name="ct">Ends this caller's wait.</param>
    /// <returns>JSON as <see cref="FlagStore.Json"/> makes it; no value when there is no such flag.</returns>
    /// <exception cref="NpgsqlException">Nobody could answer, and this node has never known the flag.</exception>
    public async ValueTask<EntryAnswer> GetAsync(string key, CancellationToken ct)
    {
        var answer = await entries
            .GetAsync(CacheKeys.Flag(_environment, key), _kind, generation: 0, token => store.ReadAsync(key, token), ct)
            .ConfigureAwait(false);
        // Only flags that are there, so that what clients make up takes no memory.
        if (answer.Value is not null)
            access.Count(key);
        return answer;
    }

    /// <summary>After the commit that changed it.</summary>
    public ValueTask InvalidateAsync(string key) => entries.InvalidateAsync([CacheKeys.Flag(_environment, key)]);
}
