using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Npgsql;
using Overnight.Api;
using Overnight.Core.Caching;
using Overnight.Core.Results;
using Overnight.Tests.Harness;
using StackExchange.Redis;

namespace Overnight.Tests.Dashboard;

/// <summary>The whole API in process, as its role on a database of its own, with its queries counted.</summary>
internal sealed class ApiApp : IAsyncDisposable
{
    private readonly WebApplicationFactory<ApiMarker> _factory;

    /// <param name="database">Connection string of the owner; the API gets that of its role.</param>
    /// <param name="services">Changes what the API is made of.</param>
    /// <param name="isListening">Whether it is behind a real server and a port of its own.</param>
    public ApiApp(
        string database,
        string cache,
        TimeProvider? time = null,
        IReadOnlyDictionary<string, string>? settings = null,
        Action<IServiceCollection>? services = null,
        bool isListening = false
    )
    {
        // The tests' own connections are not counted, and not broken by a pool of a server that was stopped.
        Database = NpgsqlDataSource.Create(database);
        ConnectionString = database;
        var api = TestRoles.OfApi(database);
        _factory = new WebApplicationFactory<ApiMarker>().WithWebHostBuilder(host =>
        {
            host.UseSetting("ConnectionStrings:overnight", api);
            host.UseSetting("ConnectionStrings:cache", cache);
            host.UseSetting("Flags:CopyDirectory", "");
            foreach (var (key, value) in settings ?? new Dictionary<string, string>())
                host.UseSetting(key, value);
            host.ConfigureTestServices(own =>
            {
                NpgsqlDataSourceBuilder source = new(api);
                source.UseLoggerFactory(Queries);
                own.Replace(ServiceDescriptor.Singleton(source.Build()));
                if (time is not null)
                    own.Replace(ServiceDescriptor.Singleton(time));
                services?.Invoke(own);
            });
        });
        if (isListening)
            _factory.UseKestrel(server => server.Listen(IPAddress.Loopback, 0));
        Http = _factory.CreateClient();
    }

    public HttpClient Http { get; }

    /// <summary>Of the owner, with its password.</summary>
    public string ConnectionString { get; }
    public NpgsqlDataSource Database { get; }
    public DatabaseQueryCounter Queries { get; } = new();
    public IDatabase Cache => Services.GetRequiredService<IConnectionMultiplexer>().GetDatabase();
    public IServiceProvider Services => _factory.Services;

    public T Get<T>()
        where T : notnull => Services.GetRequiredService<T>();

    public async Task<HttpResponseMessage> GetAsync(string path, string? token = null, CancellationToken ct = default)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, path);
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await Http.SendAsync(request, ct);
    }

    /// <summary>Where a browser finds it, if it is listening.</summary>
    public Uri Site() => new($"http://127.0.0.1:{Http.BaseAddress!.Port}/");

    /// <summary>Puts a result into the cache as a night does.</summary>
    public Task SetResultAsync(Guid user) =>
        Get<CacheStore>()
            .WriteAsync([
                new(CacheKeys.Recommendations(user), TestResults.Entry(user), CacheKeys.ResultTtl),
                new(CacheKeys.Portfolio(user), TestResults.Portfolio(user), CacheKeys.ResultTtl),
            ]);

    /// <summary>What memory or the cache have of a user.</summary>
    public ValueTask<byte[]?> ResultAsync(Guid user) => Get<ResultReader>().Entries.ReadAsync(user);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _factory.DisposeAsync();
        await Database.DisposeAsync();
    }
}

/// <summary>One API for the tests of a class, each with users of its own.</summary>
public sealed class ApiFixture(TestServers servers) : IAsyncLifetime
{
    private ApiApp? _app;
    private string _database = "";
    private string _cache = "";

    internal ApiApp App => _app!;
    internal string DatabaseConnection => _database;
    internal string CacheConnection => _cache;

    public async ValueTask InitializeAsync()
    {
        _database = await servers.CreateDatabaseAsync(CancellationToken.None);
        _cache = await servers.CacheConnectionStringAsync(CancellationToken.None);
        _app = new(_database, _cache);
    }

    /// <summary>A second node on the same servers, with nothing in memory and its own counts.</summary>
    internal ApiApp Another(params (string Key, string Value)[] settings) =>
        new(_database, _cache, null, settings.ToDictionary(s => s.Key, s => s.Value));

    public ValueTask DisposeAsync() => _app?.DisposeAsync() ?? ValueTask.CompletedTask;
}
