using System.Net;
using System.Text.Json;
using Overnight.Api.Sessions;
using Overnight.Core.Results;
using Overnight.Core.Sessions;

namespace Overnight.Tests.Dashboard;

/// <summary>SPEC C5: a guess of whose session it is decides what is asked for, and never who is answered.</summary>
public sealed class DashboardOwnerTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private readonly ApiApp _app = fixture.App;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Session and the other's result are both cached, on the server alone or in the node's memory.</summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task Get_C5_SessionGuessedToBeAnothers_AnswersItsOwnUser(bool isSessionInMemory, bool isResultInMemory)
    {
        var (user, token) = await _app.Database.SignInAsync();
        var other = await _app.Database.AddUserAsync();
        foreach (var one in (Guid[])[user, other])
            await _app.SetResultAsync(one);
        // Caches the session.
        Assert.Equal(user, await UserAsync(_app, token));
        await using var node = fixture.Another(("Sessions:MemoryTtl", "00:05:00"), ("Cache:MemoryTtl", "00:05:00"));
        await node.Get<SessionSigningKeys>().GetAsync(Ct);
        if (isSessionInMemory)
            Assert.NotNull(await node.Get<SessionReader>().ReadAsync(TestPeople.Hash(token)));
        if (isResultInMemory)
            Assert.NotNull(await node.Get<ResultReader>().Entries.ReadAsync(other));

        node.Get<TokenOwners>().Remember(TestPeople.Hash(token), other, DateTimeOffset.MaxValue);

        Assert.Equal(user, await UserAsync(node, token));
    }

    /// <summary>That another's result was looked for and is missing says nothing of one's own.</summary>
    [Fact]
    public async Task Get_C5_ResultOfTheGuessedUserMissing_IsNotTakenForTheOwn()
    {
        var (user, token) = await _app.Database.SignInAsync();
        await _app.SetResultAsync(user);
        Assert.Equal(user, await UserAsync(_app, token));
        await using var node = fixture.Another();
        node.Get<TokenOwners>().Remember(TestPeople.Hash(token), await _app.Database.AddUserAsync(), DateTimeOffset.MaxValue);

        Assert.Equal(user, await UserAsync(node, token));
    }

    /// <summary>A token whose session is another user's from now on, as the node has it in mind.</summary>
    [Fact]
    public void Remember_AnotherUser_IsThatUser()
    {
        TokenOwners owners = new();
        var (first, second) = (Guid.NewGuid(), Guid.NewGuid());
        var hash = TestPeople.Hash(SessionToken.Create());
        owners.Remember(hash, first, DateTimeOffset.MaxValue);

        Assert.Equal(second, owners.Remember(hash, second, DateTimeOffset.MaxValue).UserId);
        Assert.True(owners.TryGet(hash, out var known));
        Assert.Equal(second, known.UserId);
    }

    /// <summary>Why there is nothing to show is told of the user alone, whatever there is of others.</summary>
    [Fact]
    public async Task Get_C5_NoResult_IsExplainedByTheOwnDataAlone()
    {
        var (user, token) = await _app.Database.SignInAsync();
        var other = await _app.Database.AddUserAsync();
        await _app.Database.AddResultAsync(other, TestResults.Entry(other));
        await _app.Database.ExecuteAsync(
            """
            with run as (
                insert into overnight_job_runs (id, job_type, market, business_date, revision, trigger, started_at, correlation_id)
                values (gen_random_uuid(), 'recommendations', 'NYSE', '2026-11-20', null, 'manual', now(), gen_random_uuid()) returning id)
            insert into run_failures select id, $1, 'score', 'missing_exchange_rate', null, now() from run
            """,
            other
        );
        var asset = Guid.CreateVersion7();
        await _app.Database.ExecuteAsync(
            "insert into assets (id, market, symbol, name, currency) values ($1, 'NYSE', $2, 'Test asset', 'USD')",
            asset,
            $"T{asset:N}"[..20].ToUpperInvariant()
        );
        await HoldAsync(other);
        Assert.Equal("portfolio_empty", await ReasonAsync());

        // Who holds something could have failed, as the other did.
        await HoldAsync(user);
        Assert.Equal("never_computed", await ReasonAsync());

        async Task HoldAsync(Guid holder)
        {
            await _app.Database.ExecuteAsync("insert into portfolios (user_id) values ($1)", holder);
            await _app.Database.ExecuteAsync("insert into holdings (user_id, asset_id, quantity) values ($1, $2, 1)", holder, asset);
        }

        async Task<string?> ReasonAsync()
        {
            using var answer = await _app.GetAsync("/api/dashboard", token, Ct);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
            using var problem = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(Ct));
            return problem.RootElement.GetProperty("reason").GetString();
        }
    }

    private static async Task<Guid> UserAsync(ApiApp node, string token)
    {
        using var answer = await node.GetAsync("/api/dashboard", token, Ct);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        using var body = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(Ct));
        return body.RootElement.GetProperty("data").GetProperty("userId").GetGuid();
    }
}
