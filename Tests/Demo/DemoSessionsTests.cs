using Microsoft.Extensions.Configuration;
using Overnight.Core.Sessions;
using Overnight.Jobs.Demo;
using Overnight.Tests.Harness;
using Overnight.Tests.Input;

namespace Overnight.Tests.Demo;

public sealed class DemoSessionsTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sessions_Refreshed_StoreOnlyHashesAndReplaceThoseOfEarlierStarts()
    {
        await using var database = await InputDatabase.CreateAsync(servers, Ct);
        TestClock time = new();
        await new DemoSeeder(database.Source, time).SeedAsync(new() { Users = 2 }, null, Ct);
        DemoSessions earlier = Sessions(database, time),
            replica = Sessions(database, time),
            own = Sessions(database, time);

        await earlier.RefreshAsync(Ct);
        time.Advance(TimeSpan.FromHours(1));
        await replica.RefreshAsync(Ct);
        time.Advance(TimeSpan.FromSeconds(5));
        await own.RefreshAsync(Ct);

        string[] expected = [Hash(replica.UserToken), Hash(replica.AdminToken), Hash(own.UserToken), Hash(own.AdminToken)];
        Assert.Equal(
            expected.Order(StringComparer.Ordinal),
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
    public async Task CurlLine_AfterRefresh_NamesTheApisAddress()
    {
        await using var database = await InputDatabase.CreateAsync(servers, Ct);
        TestClock time = new();
        var nobody = Sessions(database, time);
        await nobody.RefreshAsync(Ct);
        await new DemoSeeder(database.Source, time).SeedAsync(new() { Users = 1 }, null, Ct);
        DemoSessions somewhere = Sessions(database, time, "http://127.0.0.1:6123/"),
            unknown = Sessions(database, time);
        await somewhere.RefreshAsync(Ct);
        await unknown.RefreshAsync(Ct);

        Assert.Null(nobody.CurlLine());
        Assert.Equal($"curl -H \"Authorization: Bearer {somewhere.UserToken}\" http://127.0.0.1:6123/api/dashboard", somewhere.CurlLine());
        Assert.EndsWith(" http://127.0.0.1:5080/api/dashboard", unknown.CurlLine(), StringComparison.Ordinal);
    }

    private static DemoSessions Sessions(InputDatabase database, TimeProvider time, string? address = null)
    {
        ConfigurationManager configuration = new();
        configuration.AddInMemoryCollection([new("services:api:http:0", address)]);
        return new(database.Source, configuration, time);
    }

    private static string Hash(string? token) =>
        SessionToken.TryHash(token!, out var hash) ? hash : throw new InvalidOperationException("Not a token.");
}
