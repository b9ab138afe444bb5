using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Overnight.Core;
using Overnight.Core.Warming;
using Overnight.Jobs;
using Overnight.Jobs.Warming;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Providers;
using StackExchange.Redis;

namespace Overnight.Tests.Warming;

/// <summary>What Jobs warms with, over a database of the test's own, without its loops.</summary>
internal sealed class WarmFixture : IAsyncDisposable
{
    private readonly IHost _host;

    private WarmFixture(IHost host, string database, string cache, LogLines log) =>
        (_host, DatabaseConnection, CacheConnection, Log) = (host, database, cache, log);

    public string DatabaseConnection { get; }
    public string CacheConnection { get; }
    public LogLines Log { get; }
    public NpgsqlDataSource Database => Get<NpgsqlDataSource>();
    public IDatabase Cache => Get<IConnectionMultiplexer>().GetDatabase();
    public WarmLoop Loop => Get<WarmLoop>();

    /// <param name="cache">A cache of the test's own; the shared one unless given.</param>
    public static async Task<WarmFixture> CreateAsync(
        TestServers servers,
        CancellationToken ct,
        string? cache = null,
        TimeProvider? time = null,
        params (string Key, string Value)[] settings
    ) => Over(await servers.CreateDatabaseAsync(ct), cache ?? await servers.CacheConnectionStringAsync(ct), time, settings);

    public static WarmFixture Over(string database, string cache, TimeProvider? time = null, params (string Key, string Value)[] settings)
    {
        var builder = Host.CreateApplicationBuilder(
            new HostApplicationBuilderSettings { EnvironmentName = Environments.Development, DisableDefaults = true }
        );
        Dictionary<string, string?> configuration = new()
        {
            ["ConnectionStrings:overnight"] = database,
            ["ConnectionStrings:overnight_sets"] = TestRoles.OfSets(database),
            ["ConnectionStrings:cache"] = cache,
        };
        foreach (var (key, value) in settings)
            configuration[key] = value;
        builder.Configuration.AddInMemoryCollection(configuration);
        if (time is not null)
            builder.Services.AddSingleton(time);
        builder.Logging.ClearProviders();
        LogLines log = new();
        builder.Logging.AddProvider(new LogLinesProvider(log));
        builder.AddConnections();
        builder.Services.AddWarming().AddSingleton<WarmDeadlineWatch>().AddSingleton<WarmLoop>();
        return new(builder.Build(), database, cache, log);
    }

    public T Get<T>()
        where T : notnull => _host.Services.GetRequiredService<T>();

    public async Task<WarmOutcome> WarmAsync(
        string set,
        CancellationToken ct,
        int? count = null,
        IProgress<WarmSetProgress>? progress = null
    )
    {
        var warmer = Get<Warmer>();
        return Assert.Single((await warmer.WarmAsync(warmer.Find([set]), new(WarmTrigger.Manual, count), progress, ct)).Sets);
    }

    /// <summary>Whether it answers; one of two connections may be there before the other, or not know yet that it is lost.</summary>
    public async Task<bool> IsCacheBackAsync()
    {
        try
        {
            await Cache.PingAsync();
            return true;
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException)
        {
            return false;
        }
    }

    /// <returns>Users with a current result, in no order.</returns>
    public async Task<Guid[]> AddResultsAsync(int users, string total = "1.0000")
    {
        var ids = new Guid[users];
        for (var i = 0; i < users; i++)
        {
            ids[i] = await Database.AddUserAsync();
            await Database.AddResultAsync(ids[i], TestResults.Entry(ids[i], total), "2026-11-20");
        }
        return ids;
    }

    public async Task<T> ScalarAsync<T>(string sql, params object[] values)
    {
        await using var command = Database.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is IAsyncDisposable host)
            await host.DisposeAsync();
        else
            _host.Dispose();
    }
}

/// <summary>Does something when the first progress of a warm comes, on the thread that tells it.</summary>
internal sealed class AtFirstReport(Action act) : IProgress<WarmSetProgress>
{
    public List<WarmSetProgress> All { get; } = [];

    public void Report(WarmSetProgress value)
    {
        All.Add(value);
        if (All.Count == 1)
            act();
    }
}
