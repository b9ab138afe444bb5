using System.Net;
using Microsoft.Extensions.Options;
using Overnight.Api.Sessions;
using Overnight.Core.Actions;
using Overnight.Core.Sessions;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Sessions;

/// <summary>SPEC E1: two who change an account's sessions at once, one of them held by the test.</summary>
public sealed class SessionLockTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private readonly ApiApp _app = fixture.App;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>A ban, and a password that is changed, are waited for: no session is made behind them.</summary>
    [Theory]
    [InlineData("update users set banned_at = now() where id = $1", "users RowShareLock")]
    [InlineData("update user_passwords set password_hash = repeat('A', 84) where user_id = $1", "user_passwords RowShareLock")]
    public async Task E1_SignIn_WaitsForAChangeOfItsAccountAndIsRefusedByIt(string change, string wanted)
    {
        var (user, email) = await _app.Database.AddAccountAsync();
        await using var held = await HeldLock.TakeAsync(_app.Database, change, user);

        var signingIn = _app.SignInAsync(email, SignInHelp.Password);
        var waiter = await held.WaiterAsync(signingIn);
        await held.CommitAsync();

        Assert.Contains(wanted, waiter.Locks);
        using var answer = await signingIn;
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal(0, await _app.Database.ScalarAsync<long>("select count(*) from sessions where user_id = $1", user));
    }

    /// <summary>Of two who end a session at once only one is told that it was they.</summary>
    [Fact]
    public async Task E1_Revoke_WaitsForAnotherOfTheSession()
    {
        var (_, token) = await _app.Database.SignInAsync();
        var hash = TestPeople.Hash(token);
        await using var held = await HeldLock.TakeAsync(
            _app.Database,
            "update sessions set revoked_at = now() where token_hash = $1",
            hash
        );

        var revoking = _app.Get<SessionRevocation>().RevokeAsync(hash, Actor.Command);
        await held.WaiterAsync(revoking);
        await held.CommitAsync();

        Assert.Equal(0, (await revoking)!.Value.Ended);
    }

    /// <summary>What another node writes meanwhile is newer, and stays.</summary>
    [Fact]
    public async Task E2_LastUse_WrittenWhileAnotherWritesANewer_StaysTheNewer()
    {
        var (user, token) = await _app.Database.SignInAsync();
        var hash = TestPeople.Hash(token);
        DateTime noon = new(2036, 11, 20, 12, 0, 0, DateTimeKind.Utc);
        TokenOwners owners = new();
        owners.Remember(hash, user, DateTimeOffset.MaxValue).Use(new(noon));
        SessionActivityWriter activity = new(_app.Database, owners, Options.Create(new UserSessionOptions()));
        await using var held = await HeldLock.TakeAsync(
            _app.Database,
            "update sessions set last_active_at = $2 where token_hash = $1",
            hash,
            noon.AddMinutes(1)
        );

        var writing = activity.WriteAsync(Ct);
        var waiter = await held.WaiterAsync(writing);
        await held.CommitAsync();

        Assert.Contains("sessions RowShareLock", waiter.Locks);
        Assert.Equal(0, await writing);
        Assert.Equal(
            noon.AddMinutes(1),
            await _app.Database.ScalarAsync<DateTime>("select last_active_at from sessions where token_hash = $1", hash)
        );
    }
}
