using System.Net;
using System.Text;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Options;
using Overnight.Api.Sessions;
using Overnight.Core;
using Overnight.Core.Sessions;
using Overnight.Tests.Dashboard;

namespace Overnight.Tests.Sessions;

/// <summary>SPEC E1: nobody tries passwords by the thousand, whether the account is there or not.</summary>
public sealed class SignInLimitTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SignIn_TooOftenForOneEMail_Is429WithRetryAfterAndLeavesOthersAlone()
    {
        await using var app = fixture.Another(("Sessions:AttemptsPerEmail", "3"), ("Sessions:AttemptWindow", "01:00:00"));
        var (_, email) = await app.Database.AddAccountAsync();
        var (_, other) = await app.Database.AddAccountAsync();
        foreach (var known in (string[])[email, $"{Guid.NewGuid():N}@test.example"])
        {
            foreach (var spelling in (string[])[known, known.ToUpperInvariant(), $" {known}"])
            {
                using var wrong = await app.SignInAsync(spelling, "not the password");
                Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
            }

            using var limited = await app.SignInAsync(known, SignInHelp.Password);

            Assert.Equal(
                (HttpStatusCode.TooManyRequests, "application/problem+json"),
                (limited.StatusCode, limited.Content.Headers.ContentType?.MediaType)
            );
            Assert.InRange(limited.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(20));
        }
        using var right = await app.SignInAsync(other, SignInHelp.Password);
        Assert.Equal(HttpStatusCode.Created, right.StatusCode);
    }

    [Fact]
    public async Task SignIn_TooOftenFromOneAddress_Is429AndLeavesOthersAlone()
    {
        await using var app = fixture.Another(("Sessions:AttemptsPerAddress", "3"), ("Sessions:AttemptWindow", "01:00:00"));

        for (var i = 0; i < 3; i++)
            Assert.Equal(401, (await FromAsync(app, "192.0.2.7")).Status);
        var limited = await FromAsync(app, "192.0.2.7");
        Assert.Equal(429, limited.Status);
        Assert.InRange(int.Parse(limited.RetryAfter!), 1, 1200);
        Assert.Equal(401, (await FromAsync(app, "192.0.2.8")).Status);

        // A network of IPv6 is one client, whatever it puts behind its 64 bits.
        for (var i = 0; i < 3; i++)
            Assert.Equal(401, (await FromAsync(app, $"2001:db8:0:7::{i}")).Status);
        Assert.Equal(429, (await FromAsync(app, "2001:db8:0:7:ffff::1")).Status);
        Assert.Equal(401, (await FromAsync(app, "2001:db8:0:8::1")).Status);
        Assert.Equal(429, (await FromAsync(app, "::ffff:192.0.2.7")).Status);
    }

    [Fact]
    public async Task Enter_MoreAtOnceThanMayWait_RefusesThemAndLetsTheOthersInTurnByTurn()
    {
        using SignInLimits limits = new(
            Options.Create(
                new UserSessionOptions
                {
                    HashesAtOnce = 1,
                    AttemptsPerEmail = 1_000,
                    AttemptsPerAddress = 1_000,
                }
            )
        );
        var (first, _) = await limits.EnterAsync(null, "a@b.example", Ct);
        var waiting = Enumerable.Range(0, 64).Select(_ => limits.EnterAsync(null, "a@b.example", Ct).AsTask()).ToList();

        var (refused, retryAfter) = await limits.EnterAsync(null, "a@b.example", Ct);
        Assert.Null(refused);
        Assert.Equal(TimeSpan.FromSeconds(1), retryAfter);

        Assert.DoesNotContain(waiting, turn => turn.IsCompleted);
        first!.Dispose();
        foreach (var turn in waiting)
            (await turn).Turn!.Dispose();
    }

    [Fact]
    public void Options_OutOfBounds_NameKeyBoundAndValue()
    {
        var failures = new SectionValidator<UserSessionOptions>(UserSessionOptions.Section)
            .Validate(
                null,
                new()
                {
                    Lifetime = TimeSpan.Zero,
                    ActivityInterval = TimeSpan.Zero,
                    AttemptsPerEmail = 0,
                    AttemptsPerAddress = 0,
                    AttemptWindow = TimeSpan.Zero,
                    HashesAtOnce = 0,
                }
            )
            .Failures!.ToList();
        Assert.Equal(6, failures.Count);
        Assert.Contains("Sessions:Lifetime must be between 00:05:00 and 365.00:00:00, and is 00:00:00.", failures);
        Assert.True(new SectionValidator<UserSessionOptions>(UserSessionOptions.Section).Validate(null, new()).Succeeded);
    }

    private static async Task<(int Status, string? RetryAfter)> FromAsync(ApiApp app, string address)
    {
        var body = Encoding.UTF8.GetBytes($$"""{"email":"{{Guid.NewGuid():N}}@test.example","password":"x"}""");
        var context = await ((TestServer)app.Get<IServer>()).SendAsync(
            request =>
            {
                request.Connection.RemoteIpAddress = IPAddress.Parse(address);
                (
                    request.Request.Method,
                    request.Request.Path,
                    request.Request.ContentType,
                    request.Request.ContentLength,
                    request.Request.Body
                ) = (HttpMethods.Post, "/api/sessions", "application/json", body.Length, new MemoryStream(body));
            },
            Ct
        );
        return (context.Response.StatusCode, context.Response.Headers.RetryAfter);
    }
}
