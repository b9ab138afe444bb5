using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Deadlines;
using Overnight.Core.Market.Calendars;
using Overnight.Core.Runs;
using Overnight.Jobs.Pipeline;
using Overnight.Jobs.Scheduling;

namespace Overnight.Jobs.Rehearsals;

/// <summary>
/// Runs the nights of some days one after the other, by the service's own schedule and pipeline, in a schema of its own and by a clock that
/// is set to each due time. There is no cache, no provider is asked, and nobody is told anything.
/// </summary>
internal sealed class ScheduleSimulation : IAsyncDisposable
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly RehearsalSchema _schema;
    private readonly SimulatedClock _clock;
    private readonly IHost _host;
    private readonly IReadOnlyList<string> _markets;

    private ScheduleSimulation(RehearsalSchema schema, SimulatedClock clock, IHost host, IReadOnlyList<string> markets) =>
        (_schema, _clock, _host, _markets) = (schema, clock, host, markets);

    private NpgsqlDataSource Database => Get<NpgsqlDataSource>();

    /// <param name="configuration">That of the service; its database is rehearsed over.</param>
    /// <param name="markets">Codes of known markets.</param>
    public static async Task<ScheduleSimulation> CreateAsync(
        IConfiguration configuration,
        IReadOnlyList<string> markets,
        CancellationToken ct
    )
    {
        var database = configuration.GetConnectionString(DatabaseConnection.Overnight)!;
        SimulatedClock clock = new(TimeProvider.System);
        var schema = await RehearsalSchema.CreateAsync(database, markets, ct);
        try
        {
            return new(schema, clock, Build(configuration, schema.ConnectionString(database), clock), markets);
        }
        catch
        {
            await schema.DisposeAsync();
            throw;
        }
    }

    /// <param name="told">Told of each night when it is done.</param>
    /// <returns>Every day of every market, by date and market.</returns>
    public async Task<IReadOnlyList<SimulatedDay>> RunAsync(DateOnly from, DateOnly until, Action<SimulatedDay> told, CancellationToken ct)
    {
        var catalog = Get<MarketCatalog>();
        var days = _markets.SelectMany(code => catalog.Get(code).Days(from, until)).ToList();
        List<SimulatedDay> nights = [.. days.Where(day => day.DueUtc is null).Select(day => new SimulatedDay(day, day.WhyNoNight))];
        var hasBegun = false;
        foreach (var due in days.Where(day => day.DueUtc is not null).GroupBy(day => day.DueUtc!.Value).OrderBy(due => due.Key))
        {
            if (!hasBegun)
            {
                // The first tick of an installation only marks the time.
                _clock.Begin(due.Key - Minute);
                await AtAsync(due.Key - Minute, ct);
                await Get<NightDeadlineWatch>().TickAsync(ct);
                hasBegun = true;
            }
            foreach (var night in await RunAsync(due.Key, [.. due], ct))
            {
                nights.Add(night);
                told(night);
            }
        }
        return [.. nights.OrderBy(night => night.Day.Date).ThenBy(night => night.Day.Market, StringComparer.Ordinal)];
    }

    public async ValueTask DisposeAsync()
    {
        await ((IAsyncDisposable)_host).DisposeAsync();
        await _schema.DisposeAsync();
    }

    /// <summary>Runs the nights that are due at a moment.</summary>
    private async Task<List<SimulatedDay>> RunAsync(DateTimeOffset due, IReadOnlyList<MarketDay> days, CancellationToken ct)
    {
        await AtAsync(due, ct);
        await Get<DueRunStarter>().TickAsync(ct);
        await Get<NightDeadlineWatch>().TickAsync(ct);
        Dictionary<MarketDay, DateTimeOffset?> forecasts = [];
        List<SimulatedDay> nights = [];
        foreach (var day in days)
        {
            if (await Get<RunStore>().HasRunAsync(day.Market, day.Date, ct))
                forecasts.Add(day, (await ReadAsync(day, ct)).ForecastAt);
            else
                nights.Add(new(day, await Get<RunStore>().HasUsersAsync(day.Market, ct) ? null : "no active user"));
        }
        await WorkAsync(ct);
        await Get<NightDeadlineWatch>().TickAsync(ct);
        foreach (var (day, forecast) in forecasts)
        {
            var night = await ReadAsync(day, ct);
            if (night.State == DeadlineState.AtRisk)
            {
                await AtAsync(day.DeadlineUtc!.Value, ct);
                await Get<NightDeadlineWatch>().TickAsync(ct);
                night = await ReadAsync(day, ct);
            }
            nights.Add(night with { ForecastAt = forecast });
        }
        return nights;
    }

    private async Task WorkAsync(CancellationToken ct)
    {
        HashSet<Guid> had = [];
        while (await Get<RunStore>().FindUnfinishedAsync(had, ct) is { } run)
        {
            had.Add(run.Id);
            try
            {
                await Get<RunParticipant>().WorkAsync(run, ct);
            }
            catch (Exception exception) when (!ct.IsCancellationRequested && exception is not NpgsqlException)
            {
                // A step that failed for good has ended the run, which the night shows.
            }
        }
    }

    /// <summary>Sets both clocks, this process's and the database's.</summary>
    private async Task AtAsync(DateTimeOffset moment, CancellationToken ct)
    {
        _clock.Reach(moment);
        await using var set = Database.Command("update rehearsal_clock set shift = $1 * interval '1 second'", _clock.Shift.TotalSeconds);
        await set.ExecuteNonQueryAsync(ct);
    }

    private async Task<SimulatedDay> ReadAsync(MarketDay day, CancellationToken ct)
    {
        await using var command = Database.Command(
            """
            select n.forecast_at, n.state, r.status, r.completed_at - r.started_at, r.users_processed, r.users_failed
            from overnight_job_runs r left join nights n using (market, business_date)
            where r.job_type = 'scoring' and market = $1 and business_date = $2 order by r.number desc limit 1
            """,
            day.Market,
            day.Date
        );
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return new(
            day,
            null,
            await reader.IsDBNullAsync(0, ct) ? null : reader.GetFieldValue<DateTimeOffset>(0),
            await reader.IsDBNullAsync(3, ct) ? null : reader.GetTimeSpan(3),
            reader.GetInt32(4),
            reader.GetInt32(5),
            reader.GetString(2),
            await reader.IsDBNullAsync(1, ct) ? null : DeadlineStates.Read(reader.GetString(1))
        );
    }

    private T Get<T>()
        where T : notnull => _host.Services.GetRequiredService<T>();

    private static IHost Build(IConfiguration configuration, string database, TimeProvider clock)
    {
        var builder = Host.CreateApplicationBuilder(
            new HostApplicationBuilderSettings { ApplicationName = "Overnight.Jobs", DisableDefaults = true }
        );
        builder.Configuration.AddConfiguration(configuration);
        builder.Configuration.AddInMemoryCollection(
            new Dictionary<string, string?>
            {
                [$"ConnectionStrings:{DatabaseConnection.Overnight}"] = database,
                [$"ConnectionStrings:{Core.Caching.CacheConnection.Name}"] = "",
                ["Providers:Rates:Order"] = Providers.ProviderNames.Imported,
                ["Providers:Prices:Order"] = Providers.ProviderNames.Imported,
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "",
            }
        );
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(clock);
        builder.AddConnections();
        builder.AddPipeline();
        builder.Services.Configure<Providers.ProvidersOptions>(options => options.UsesAllStored = true);
        builder.Services.AddSingleton<DueRunStarter>().AddSingleton<NightStore>().AddSingleton<NightDeadlineWatch>();
        // Never started: a rehearsal has none of the service's loops.
        return builder.Build();
    }
}
