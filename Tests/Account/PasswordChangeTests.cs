using System.Net;
using System.Text;
using System.Text.Json;
using Overnight.Core.Sessions;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Sessions;

namespace Overnight.Tests.Account;

/// <summary>SPEC E5, P4: users change their own password, with the one they have.</summary>
public sealed class PasswordChangeTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string Another = "another password of mine";

    private readonly ApiApp _app = fixture.App;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Change_WithTheOldPassword_SetsItAndEndsOtherSessions()
    {
        var (stranger, strangers) = await _app.Database.AddAccountAsync();
        var (user, email) = await _app.Database.AddAccountAsync();
        var (token, other) = (await _app.Database.AddSessionAsync(user), await _app.Database.AddSessionAsync(user));
        var before = await HashAsync(stranger);

        using var changed = await ChangeAsync(token, SignInHelp.Password, Another);

        Assert.Equal((HttpStatusCode.OK, 1), (changed.StatusCode, (await changed.JsonAsync()).GetProperty("sessions").GetInt32()));
        Assert.Equal(
            (HttpStatusCode.NotFound, HttpStatusCode.Unauthorized),
            (await _app.StatusAsync(token), await _app.StatusAsync(other))
        );
        using var old = await _app.SignInAsync(email, SignInHelp.Password);
        using var now = await _app.SignInAsync(email, Another);
        using var strangersOwn = await _app.SignInAsync(strangers, SignInHelp.Password);
        Assert.Equal(
            (HttpStatusCode.Unauthorized, HttpStatusCode.Created, HttpStatusCode.Created),
            (old.StatusCode, now.StatusCode, strangersOwn.StatusCode)
        );
        Assert.Equal(before, await HashAsync(stranger));
    }

    /// <summary>A hash that was copied from another account is changed in the own alone.</summary>
    [Fact]
    public async Task Change_OfAHashThatAnotherHasToo_IsTheOwn()
    {
        var (user, _) = await _app.Database.AddAccountAsync();
        var other = await _app.Database.AddUserAsync();
        await _app.Database.ExecuteAsync(
            "insert into user_passwords select $2, password_hash, now() from user_passwords where user_id = $1",
            user,
            other
        );
        var before = await HashAsync(other);

        using var changed = await ChangeAsync(await _app.Database.AddSessionAsync(user), SignInHelp.Password, Another);

        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        Assert.Equal(before, await HashAsync(other));
        Assert.NotEqual(before, await HashAsync(user));
    }

    [Theory]
    [InlineData("not the password", Another, "currentPassword", "is not the password of this account")]
    [InlineData(SignInHelp.Password, "short", "newPassword", "must have 12 to 256 characters")]
    [InlineData(SignInHelp.Password, "QWERTY123456", "newPassword", "10,000 most common")]
    [InlineData(SignInHelp.Password, SignInHelp.Password, "newPassword", "must be another")]
    public async Task Change_ThatCanNotBe_Is400ByFieldAndChangesNothing(string current, string wanted, string field, string words)
    {
        var (user, _) = await _app.Database.AddAccountAsync();
        var (token, other) = (await _app.Database.AddSessionAsync(user), await _app.Database.AddSessionAsync(user));
        var before = await HashAsync(user);

        using var refused = await ChangeAsync(token, current, wanted);

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Contains(words, (await refused.JsonAsync()).GetProperty("errors").GetProperty(field)[0].GetString());
        Assert.DoesNotContain(wanted, await refused.Content.ReadAsStringAsync(Ct));
        Assert.Equal(before, await HashAsync(user));
        Assert.Equal(HttpStatusCode.NotFound, await _app.StatusAsync(other));
    }

    [Theory]
    [InlineData("""{"currentPassword":1,"newPassword":"sEcret-password"}""", "currentPassword")]
    [InlineData("""{"currentPassword":"sEcret-password","newPassword":[]}""", "newPassword")]
    [InlineData("""{"currentPassword":"sEcret-password"}""", "newPassword")]
    [InlineData("""{"newPassword":"sEcret-password"}""", "currentPassword")]
    [InlineData("""{"currentPassword":"sEcret-password","new":"sEcret-password"}""", "new")]
    [InlineData("", "currentPassword")]
    public async Task Change_WithABodyThatCanNotBe_Is400ByFieldAndShowsNoPassword(string body, string field)
    {
        var (_, token) = await _app.Database.SignInAsync();

        using var refused = await PutAsync(_app, token, body);

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.True((await refused.JsonAsync()).GetProperty("errors").TryGetProperty(field, out _));
        Assert.DoesNotContain("sEcret", await refused.Content.ReadAsStringAsync(Ct));
    }

    [Fact]
    public async Task Change_OfAnAccountWithoutAPassword_Is409()
    {
        var (_, token) = await _app.Database.SignInAsync();

        using var refused = await ChangeAsync(token, SignInHelp.Password, Another);

        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
    }

    /// <summary>A stolen session is no way to guess the password faster than at the door.</summary>
    [Fact]
    public async Task Change_TriedAgainAndAgain_IsLimitedWithSignIns()
    {
        await using var app = fixture.Another(("Sessions:AttemptsPerEmail", "2"));
        var (user, email) = await app.Database.AddAccountAsync();
        var token = await app.Database.AddSessionAsync(user);

        using var signIn = await app.SignInAsync(email, "not the password");
        using var wrong = await ChangeAsync(token, "not the password", Another, app);
        using var limited = await ChangeAsync(token, SignInHelp.Password, Another, app);

        Assert.Equal(
            (HttpStatusCode.Unauthorized, HttpStatusCode.BadRequest, HttpStatusCode.TooManyRequests),
            (signIn.StatusCode, wrong.StatusCode, limited.StatusCode)
        );
        Assert.NotNull(limited.Headers.RetryAfter);
    }

    /// <summary>Each of the list's first 10,000 that is long enough to be a password, in any case of letters.</summary>
    [Fact]
    public void E5_MostCommonPasswords_AreAllRefused()
    {
        var common = PasswordRules.ReadCommon();

        Assert.Equal((PasswordRules.MostCommon, "123456"), (common.Count, common[0]));
        var long12 = common.Where(password => password.Length >= PasswordRules.Least).ToList();
        Assert.InRange(long12.Count, 40, 200);
        foreach (var password in long12)
            Assert.Contains("most common", PasswordRules.Failure(password.ToUpperInvariant()));
        Assert.Null(PasswordRules.Failure(SignInHelp.Password));
    }

    private Task<HttpResponseMessage> ChangeAsync(string token, string current, string wanted, ApiApp? app = null) =>
        PutAsync(app ?? _app, token, JsonSerializer.Serialize(new { currentPassword = current, newPassword = wanted }));

    private static async Task<HttpResponseMessage> PutAsync(ApiApp app, string token, string body)
    {
        using StringContent content = new(body, Encoding.UTF8, "application/json");
        return await app.SendAsync(HttpMethod.Put, "/api/account/password", token, content);
    }

    private Task<string> HashAsync(Guid user) =>
        _app.Database.ScalarAsync<string>("select password_hash from user_passwords where user_id = $1", user);
}
