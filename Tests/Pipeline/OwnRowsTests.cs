using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Pipeline;

/// <summary>SPEC A5, A7: what the night asks of one user's rows is not answered by another's.</summary>
public sealed class OwnRowsTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>A user is in quarantine until its own inputs change.</summary>
    [Fact]
    public async Task A5_InputsOfAUser_AreItsOwn()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 2, Ct);
        var users = await night.ScalarAsync<Guid[]>("select array(select user_id from portfolios order by ctid)", Ct);
        var (other, user) = (users[0], users[1]);

        foreach (
            var change in (string[])
                [
                    "update portfolios set contribution = coalesce(contribution, 0) + 1 where user_id = $1",
                    "update holdings set quantity = quantity + 1 where user_id = $1 and not ignored",
                    "update asset_classes set name = name || '!' where user_id = $1",
                ]
        )
        {
            var before = await InputsAsync();
            await night.ExecuteAsync(change, Ct, other);
            Assert.Equal((change, before), (change, await InputsAsync()));
            await night.ExecuteAsync(change, Ct, user);
            Assert.NotEqual((change, before), (change, await InputsAsync()));
        }

        Task<string> InputsAsync() => night.ScalarAsync<string>("select user_inputs($1)", Ct, user);
    }

    /// <summary>Somebody holds something, but nobody of this market.</summary>
    [Fact]
    public async Task A7_MarketOfAUserWithoutHoldings_HasNobody()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 2, Ct);
        Assert.True(await night.Runs.HasUsersAsync("NYSE", Ct));
        Assert.False(await night.Runs.HasUsersAsync("LSE", Ct));
        var user = await night.Database.AddUserAsync();
        await night.ExecuteAsync("insert into user_markets (user_id, market) values ($1, 'LSE')", Ct, user);

        Assert.False(await night.Runs.HasUsersAsync("LSE", Ct));
    }
}
