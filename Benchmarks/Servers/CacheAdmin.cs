using Overnight.Core.Caching;
using StackExchange.Redis;

namespace Overnight.Benchmarks.Servers;

/// <summary>What a benchmark does to its own cache server, and no service ever does.</summary>
internal sealed class CacheAdmin : IDisposable
{
    private readonly ConnectionMultiplexer connection;
    private readonly IServer server;
    private readonly string password;

    public CacheAdmin(CacheServer cache)
    {
        var options = Options(cache);
        password = options.Password!;
        options.AllowAdmin = true;
        // Emptying a gigabyte takes a while. Milliseconds.
        options.SyncTimeout = 60_000;
        connection = ConnectionMultiplexer.Connect(options);
        server = connection.GetServer(connection.GetEndPoints()[0]);
    }

    public static ConfigurationOptions Options(CacheServer cache) => ConfigurationOptions.Parse(cache.ConnectionString);

    public long CountKeys() => server.DatabaseSize();

    public void Empty() => server.FlushAllDatabases();

    /// <summary>Every entry with its value and what is left of its TTL.</summary>
    public async IAsyncEnumerable<CacheWrite> ReadAllAsync()
    {
        var database = connection.GetDatabase();
        // Several at once, and each when it is there.
        await foreach (var keys in server.KeysAsync(pageSize: 1_000).Chunk(1_000))
        {
            var read = keys.Select(key => (Key: key, Value: database.StringGetAsync(key), Ttl: database.KeyTimeToLiveAsync(key))).ToArray();
            foreach (var (key, value, ttl) in read)
                yield return new(key!, (await value)!, await ttl ?? CacheKeys.ResultTtl);
        }
    }

    /// <summary>Lets anybody on this machine in until the result is disposed. Redis only.</summary>
    public IDisposable WithoutPassword()
    {
        server.ConfigSet("requirepass", "");
        return new Restore(() => server.ConfigSet("requirepass", password));
    }

    public void Dispose() => connection.Dispose();

    private sealed class Restore(Action action) : IDisposable
    {
        public void Dispose() => action();
    }
}
