using Microsoft.Extensions.Time.Testing;
using Overnight.Core.Sessions;
using Overnight.Jobs.Demo;
using Overnight.Tests.Harness;
using Overnight.Tests.Input;

namespace Overnight.Tests.Demo;

public sealed class DemoSessionsTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Refresh_OnEveryReplica_StoresOnlyHashesAndEndsThoseOfEarlierStarts()
    {
        await using var database = await InputDatabase.CreateAsync(servers, Ct);
        FakeTimeProvider time = new(new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero));
        await new DemoSeeder(database.Source, time).SeedAsync(new() { Users = 2 }, null, Ct);
        DemoSessions sessions = new(database.Source, time);
        var (user, admin) = (SessionToken.Create(), SessionToken.Create());

        await sessions.RefreshAsync(SessionToken.Create(), SessionToken.Create(), Ct);
        time.Advance(TimeSpan.FromSeconds(5));
        await sessions.RefreshAsync(user, admin, Ct);
        await sessions.RefreshAsync(user, admin, Ct);

        Assert.Equal(
            ((string[])[Hash(user), Hash(admin)]).Order(StringComparer.Ordinal),
            await database.TextsAsync("select token_hash from sessions order by token_hash collate \"C\"", Ct)
        );
        Assert.Equal(
            ["admin@demo.example 1 day", "demo@demo.example 1 day"],
            await database.TextsAsync(
                "select distinct email || ' ' || (expires_at - s.created_at) from sessions s join users u on u.id = s.user_id order by 1",
                Ct
            )
        );
    }

    [Fact]
    public async Task Create_OfAnAccount_GivesATokenOfASessionOfItsOwn()
    {
        await using var database = await InputDatabase.CreateAsync(servers, Ct);
        await new DemoSeeder(database.Source, TimeProvider.System).SeedAsync(new() { Users = 1 }, null, Ct);
        DemoSessions sessions = new(database.Source, TimeProvider.System);

        var token = await sessions.CreateAsync(DemoAccounts.Admin, Ct);

        Assert.Null(await sessions.CreateAsync("nobody@demo.example", Ct));
        Assert.Equal([Hash(token)], await database.TextsAsync("select token_hash from sessions", Ct));
    }

    private static string Hash(string? token) =>
        SessionToken.TryHash(token!, out var hash) ? hash : throw new InvalidOperationException("Not a token.");
}
