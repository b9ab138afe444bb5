using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;
using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;
using Overnight.Core.Data;
using Overnight.Core.Market.Calendars;
using Overnight.Core.Runs;
using Overnight.Jobs.Commands;
using Overnight.Jobs.Demo;

namespace Overnight.Benchmarks.Pipeline;

/// <summary>The headline load: portfolios of 30 holdings, and 10 criteria that no two users share.</summary>
internal static class DemoDatabase
{
    public const int Holdings = 30,
        Criteria = 10;

    /// <param name="seed">Of the portfolios; that of the product's command when left out.</param>
    /// <param name="name">Of the database.</param>
    public static async Task<NpgsqlDataSource> CreateAsync(
        PostgresServer postgres,
        int users,
        CancellationToken ct,
        int seed = 1,
        string name = Workbench.Database
    )
    {
        await postgres.EnsureDatabaseAsync(name, ct);
        // Seeding and vacuuming take as long as they take.
        var connectionString = postgres.ConnectionString(name) + ";Command Timeout=0";
        await using (OvernightContext context = OvernightContext.Open(connectionString))
            await context.Database.MigrateAsync(ct);

        var database = NpgsqlDataSource.Create(connectionString);
        try
        {
            CommandOutput output = new(Console.Out, TimeProvider.System);
            var summary = await new DemoSeeder(database, TimeProvider.System).SeedAsync(
                new()
                {
                    Users = users,
                    Holdings = Holdings,
                    Criteria = Criteria,
                    Seed = seed,
                },
                output.Progress<DemoProgress>(SeedCommand.Describe),
                ct
            );
            Report.Step(SeedCommand.Describe(summary));
            await SettleAsync(database, ct);
            return database;
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    /// <summary>What rings, as the calendars of the markets and people do.</summary>
    public static RunStore Runs(NpgsqlDataSource database) =>
        new(database, new MarketCatalog(Options.Create(new MarketsOptions())), TimeProvider.System);

    /// <summary>Rings for tonight's night.</summary>
    /// <param name="again">The next revision of a night that is done.</param>
    /// <exception cref="BenchmarkException">It is under way already, or done.</exception>
    public static async Task<PipelineRun> StartPipelineAsync(this RunStore runs, bool again, CancellationToken ct)
    {
        var (run, started) = await runs.StartOrJoinAsync(MarketCatalog.Default, null, RunTrigger.Manual, again, ct);
        return started ? run : throw new BenchmarkException($"Run {run.Id} was begun by somebody else; there is no figure to believe.");
    }

    /// <summary>
    /// Puts the tables into the state that a night finds them in: rows that have been there for days, statistics, no checkpoint under
    /// way.
    /// </summary>
    public static async Task SettleAsync(NpgsqlDataSource database, CancellationToken ct)
    {
        await using (var vacuum = database.CreateCommand("vacuum (analyze)"))
            await vacuum.ExecuteNonQueryAsync(ct);
        await using var checkpoint = database.CreateCommand("checkpoint");
        await checkpoint.ExecuteNonQueryAsync(ct);
    }
}
