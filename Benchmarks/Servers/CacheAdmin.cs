using Overnight.Core.Caching;
using StackExchange.Redis;

namespace Overnight.Benchmarks.Servers;

/// <summary>What a benchmark does to its own cache, all servers of it, and no service ever does.</summary>
internal sealed class CacheAdmin : IDisposable
{
    private readonly ConnectionMultiplexer connection;
    private readonly IServer[] servers;
    private readonly string password;

    public CacheAdmin(CacheServer cache)
    {
        var options = ConfigurationOptions.Parse(cache.AdministratorsConnectionString);
        password = options.Password!;
        options.AllowAdmin = true;
        // Emptying a gigabyte takes a while. Milliseconds.
        options.SyncTimeout = 60_000;
        connection = ConnectionMultiplexer.Connect(options);
        servers = connection.GetServers();
    }

    public static ConfigurationOptions Options(CacheServer cache) => ConfigurationOptions.Parse(cache.ConnectionString);

    public long CountKeys() => servers.Sum(server => server.DatabaseSize());

    public void Empty()
    {
        foreach (var server in servers)
            server.FlushAllDatabases();
    }

    /// <summary>Every entry with its value and what is left of its TTL.</summary>
    public async IAsyncEnumerable<CacheWrite> ReadAllAsync()
    {
        var database = connection.GetDatabase();
        // Several at once, and each when it is there.
        var all = servers.ToAsyncEnumerable().SelectMany(server => server.KeysAsync(pageSize: 1_000));
        await foreach (var keys in all.Chunk(1_000))
        {
            var read = keys.Select(key => (Key: key, Value: database.StringGetAsync(key), Ttl: database.KeyTimeToLiveAsync(key))).ToArray();
            foreach (var (key, value, ttl) in read)
                yield return new(key!, (await value)!, await ttl ?? CacheKeys.ResultTtl);
        }
    }

    /// <summary>Lets anybody on this machine in until the result is disposed. Redis only.</summary>
    public IDisposable WithoutPassword()
    {
        Require("");
        return new Restore(() => Require(password));

        void Require(string what)
        {
            foreach (var server in servers)
                server.ConfigSet("requirepass", what);
        }
    }

    public void Dispose() => connection.Dispose();

    private sealed class Restore(Action action) : IDisposable
    {
        public void Dispose() => action();
    }
}
