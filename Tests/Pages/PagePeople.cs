using Npgsql;
using Overnight.Tests.Dashboard;

namespace Overnight.Tests.Pages;

/// <summary>What a user has in the database.</summary>
internal static class PagePeople
{
    public static async Task AddHoldingAsync(this NpgsqlDataSource database, Guid user)
    {
        var asset = Guid.CreateVersion7();
        await database.ExecuteAsync(
            "insert into assets (id, market, symbol, name, currency) values ($1, 'NYSE', $2, 'Test asset', 'USD')",
            asset,
            $"T{asset:N}"[..20].ToUpperInvariant()
        );
        await database.ExecuteAsync("insert into portfolios (user_id) values ($1)", user);
        await database.ExecuteAsync("insert into holdings (user_id, asset_id, quantity) values ($1, $2, 1)", user, asset);
    }

    public static Task AddFailureAsync(this NpgsqlDataSource database, Guid user) =>
        database.ExecuteAsync(
            """
            with run as (
                insert into overnight_job_runs (id, job_type, market, business_date, revision, trigger, started_at, correlation_id)
                values (gen_random_uuid(), 'recommendations', 'NYSE', '2026-11-20', null, 'manual', now(), gen_random_uuid()) returning id)
            insert into run_failures select id, $1, 'score', 'missing_exchange_rate', null, now() from run
            """,
            user
        );

    public static async Task AddDemoAccountsAsync(this NpgsqlDataSource database)
    {
        foreach (var (email, role) in ((string, string)[])[("demo@demo.example", "user"), ("admin@demo.example", "admin")])
            await database.ExecuteAsync(
                "insert into users (id, email, display_name, role, base_currency) values (gen_random_uuid(), $1, 'Demo', $2, 'EUR') on conflict do nothing",
                email,
                role
            );
    }
}
