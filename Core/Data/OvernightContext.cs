using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Overnight.Core.Data;

/// <summary>
/// The EF Core model of the small tables and of the API's queries. The loop over users does not use it, but reads and writes sets of rows
/// in PostgreSQL's binary formats. The schema is defined in <c>Migrations</c>, as SQL, without a model snapshot; the options' convention
/// maps names to snake case. There is no <c>OnConfiguring</c>, because contexts are pooled, and a pooled context may not change its
/// options.
/// </summary>
public sealed class OvernightContext(DbContextOptions<OvernightContext> options) : DbContext(options)
{
    public DbSet<Tenant> Tenants => Set<Tenant>();
    public DbSet<User> Users => Set<User>();
    public DbSet<Session> Sessions => Set<Session>();
    public DbSet<Market> Markets => Set<Market>();
    public DbSet<Asset> Assets => Set<Asset>();
    public DbSet<Price> Prices => Set<Price>();
    public DbSet<Fundamentals> Fundamentals => Set<Fundamentals>();
    public DbSet<ExchangeRate> ExchangeRates => Set<ExchangeRate>();
    public DbSet<UserMarket> UserMarkets => Set<UserMarket>();
    public DbSet<Portfolio> Portfolios => Set<Portfolio>();
    public DbSet<AssetClass> AssetClasses => Set<AssetClass>();
    public DbSet<Holding> Holdings => Set<Holding>();
    public DbSet<CriteriaVersion> CriteriaVersions => Set<CriteriaVersion>();
    public DbSet<Run> Runs => Set<Run>();
    public DbSet<ScheduledNight> Nights => Set<ScheduledNight>();
    public DbSet<WarmDeadline> WarmDeadlines => Set<WarmDeadline>();
    public DbSet<Batch> Batches => Set<Batch>();
    public DbSet<RunFailure> RunFailures => Set<RunFailure>();
    public DbSet<CalculationResult> CalculationResults => Set<CalculationResult>();
    public DbSet<CurrentResult> CurrentResults => Set<CurrentResult>();

    /// <summary>Sets the options that every context has, apart from its connection.</summary>
    public static void Configure(DbContextOptionsBuilder options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.UseSnakeCaseNamingConvention();
    }

    /// <returns>A context for code that runs outside a container, such as migrations.</returns>
    public static OvernightContext Open(NpgsqlDataSource database)
    {
        DbContextOptionsBuilder<OvernightContext> options = new();
        Configure(options.UseNpgsql(database));
        return new(options.Options);
    }

    /// <inheritdoc cref="Open(NpgsqlDataSource)"/>
    public static OvernightContext Open(string connectionString)
    {
        DbContextOptionsBuilder<OvernightContext> options = new();
        Configure(options.UseNpgsql(connectionString));
        return new(options.Options);
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Session>().HasKey(x => x.TokenHash);
        modelBuilder.Entity<Market>().HasKey(x => x.Code);
        modelBuilder
            .Entity<Price>()
            .HasKey(x => new
            {
                x.AssetId,
                x.AsOf,
                x.KnownAt,
                x.Source,
            });
        modelBuilder.Entity<Price>().Property(x => x.Amount).HasColumnName("price");
        modelBuilder
            .Entity<Fundamentals>()
            .HasKey(x => new
            {
                x.AssetId,
                x.AsOf,
                x.KnownAt,
                x.Source,
            });
        modelBuilder
            .Entity<ExchangeRate>()
            .HasKey(x => new
            {
                x.Base,
                x.Quote,
                x.AsOf,
                x.KnownAt,
                x.Source,
            });
        modelBuilder.Entity<UserMarket>().HasKey(x => new { x.UserId, x.Market });
        modelBuilder.Entity<Portfolio>().HasKey(x => x.UserId);
        modelBuilder.Entity<AssetClass>().HasKey(x => new { x.UserId, x.Id });
        modelBuilder.Entity<Holding>().HasKey(x => new { x.UserId, x.AssetId });
        modelBuilder.Entity<CriteriaVersion>().HasKey(x => new { x.UserId, x.Version });
        modelBuilder.Entity<CriteriaVersion>().Property(x => x.Rules).HasColumnType("json");
        modelBuilder.Entity<Run>().ToTable("overnight_job_runs");
        modelBuilder.Entity<Run>().Property(x => x.Number).UseIdentityAlwaysColumn();
        modelBuilder.Entity<Run>().Property(x => x.ErrorDetails).HasColumnType("json");
        modelBuilder.Entity<Run>().Property(x => x.Metrics).HasColumnType("json");
        modelBuilder.Entity<ScheduledNight>().ToTable("nights").HasKey(x => new { x.Market, x.BusinessDate });
        modelBuilder.Entity<WarmDeadline>().HasKey(x => new { x.SetName, x.DueAt });
        modelBuilder.Entity<Batch>().ToTable("run_batches").HasKey(x => new { x.RunId, x.Number });
        modelBuilder.Entity<RunFailure>().HasKey(x => new { x.RunId, x.UserId });
        modelBuilder
            .Entity<CalculationResult>()
            .HasKey(x => new
            {
                x.UserId,
                x.BusinessDate,
                x.RunId,
            });
        modelBuilder.Entity<CurrentResult>().HasKey(x => x.UserId);
    }
}
