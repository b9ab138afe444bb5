using System.Net;
using System.Text;
using Overnight.Core.Caching;
using Overnight.Core.Results;
using Overnight.Jobs.Erasures;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Sessions;

namespace Overnight.Tests.Erasures;

/// <summary>SPEC D5, P4: users erase themselves with one call, which needs the password once more and answers with a receipt.</summary>
public sealed class EraseRouteTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task D5_Call_EndsSessionsErasesAndAnswersWithAReceipt()
    {
        await using var app = await AppAsync();
        var (user, email) = await app.Database.AddAccountAsync();
        var token = await app.Database.AddSessionAsync(user);

        var answering = DeleteAsync(app, token, $$"""{"password":"{{SignInHelp.Password}}"}""");
        var erasure = Erasure(app);
        await Eventually.TrueAsync(
            async () => answering.IsCompleted || (await erasure.FindOpenAsync(Ct)).Count == 1,
            "the erasure is asked for"
        );
        Assert.False(answering.IsCompleted);
        var id = Assert.Single(await erasure.FindOpenAsync(Ct));
        await erasure.GoOnAsync(id, Ct);
        using var answer = await answering;

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var receipt = await answer.JsonAsync();
        Assert.Equal(
            (id, 1, 1),
            (
                receipt.GetProperty("id").GetGuid(),
                receipt.GetProperty("seal").GetInt64(),
                receipt.GetProperty("removed").GetProperty("accounts").GetInt64()
            )
        );
        Assert.Equal(HttpStatusCode.Unauthorized, await app.StatusAsync(token));
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.SignInAsync(email, SignInHelp.Password)).StatusCode);
        Assert.Equal(0, await app.Database.ScalarAsync<long>("select count(*) from users where id = $1", user));
        // The receipt stays, for who has its number.
        using var again = await app.GetAsync($"/api/erasures/{id}", null, Ct);
        Assert.Equal(receipt.GetRawText(), (await again.JsonAsync()).GetRawText());
        Assert.Equal(HttpStatusCode.NotFound, (await app.GetAsync($"/api/erasures/{Guid.NewGuid()}", null, Ct)).StatusCode);
        // The chain says that there was an erasure, and leads nobody else to the receipt, nor from known leaves to it.
        using var roots = await app.GetAsync("/api/roots", null, Ct);
        var seal = (await roots.JsonAsync()).GetProperty("items")[0];
        Assert.Equal((1, "ERASURE"), (seal.GetProperty("sequence").GetInt64(), seal.GetProperty("market").GetString()));
        Assert.Equal(64, seal.GetProperty("hash").GetString()!.Length);
        Assert.All((string[])["runId", "root", "snapshotHash"], name =>
            Assert.Equal(System.Text.Json.JsonValueKind.Null, seal.GetProperty(name).ValueKind)
        );
    }

    [Theory]
    [InlineData("", "password")]
    [InlineData("{}", "password")]
    [InlineData("{\"password\":1}", "password")]
    [InlineData("{\"password\":\"another one\"}", "password")]
    [InlineData("{\"password\":\"another one\",\"sure\":true}", "sure")]
    public async Task D5_WithoutThePassword_NothingIsErased(string body, string field)
    {
        await using var app = await AppAsync();
        var (user, _) = await app.Database.AddAccountAsync();
        var token = await app.Database.AddSessionAsync(user);

        using var answer = await DeleteAsync(app, token, body);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var text = await answer.Content.ReadAsStringAsync(Ct);
        Assert.Contains(field, text, StringComparison.Ordinal);
        Assert.DoesNotContain("another one", text, StringComparison.Ordinal);
        Assert.Empty(await Erasure(app).FindOpenAsync(Ct));
        Assert.NotEqual(HttpStatusCode.Unauthorized, await app.StatusAsync(token));
    }

    [Fact]
    public async Task D5_LastAdministratorAndAccountWithoutPassword_Are409()
    {
        await using var app = await AppAsync();
        await app.Database.ExecuteAsync("update users set role = 'user'");
        var (admin, _) = await app.Database.AddAccountAsync("admin");
        var user = await app.Database.AddUserAsync("user");

        foreach (var who in (Guid[])[admin, user])
        {
            using var answer = await DeleteAsync(
                app,
                await app.Database.AddSessionAsync(who),
                $$"""{"password":"{{SignInHelp.Password}}"}"""
            );
            Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        }
        Assert.Empty(await Erasure(app).FindOpenAsync(Ct));
    }

    private static Task<HttpResponseMessage> DeleteAsync(ApiApp app, string token, string body) =>
        app.SendAsync(HttpMethod.Delete, "/api/me", token, new StringContent(body, Encoding.UTF8, "application/json"));

    private static UserErasure Erasure(ApiApp app) =>
        new(
            app.Database,
            app.Get<CacheInvalidation>(),
            new ResultInvalidation(app.Database, app.Get<CacheStore>()),
            app.Get<CacheCircuit>(),
            TimeProvider.System
        );

    private async Task<ApiApp> AppAsync() => new(await servers.CreateDatabaseAsync(Ct), await servers.CacheConnectionStringAsync(Ct));
}
