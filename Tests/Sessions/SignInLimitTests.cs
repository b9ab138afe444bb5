using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Overnight.Api.Sessions;
using Overnight.Core;
using Overnight.Core.Caching;
using Overnight.Core.Sessions;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Protection;

namespace Overnight.Tests.Sessions;

/// <summary>SPEC E1: nobody tries passwords by the thousand, whether the account is there or not.</summary>
public sealed class SignInLimitTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SignIn_TooOftenForOneEMailFromOneNetwork_Is429WithRetryAfterAndLeavesOthersAlone()
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
            Assert.InRange(limited.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        }
        using var right = await app.SignInAsync(other, SignInHelp.Password);
        Assert.Equal(HttpStatusCode.Created, right.StatusCode);
    }

    [Fact]
    public async Task SignIn_WithTheRightPassword_GivesTheTriesBack()
    {
        await using var app = fixture.Another(("Sessions:AttemptsPerEmail", "2"), ("Sessions:AttemptWindow", "01:00:00"));
        var (_, email) = await app.Database.AddAccountAsync();
        for (var i = 0; i < 4; i++)
        {
            using var right = await app.SignInAsync(email, SignInHelp.Password);
            Assert.Equal(HttpStatusCode.Created, right.StatusCode);
        }
    }

    [Fact]
    public async Task SignIn_TooOftenFromOneNetwork_Is429AndLeavesOthersAlone()
    {
        await using var app = fixture.Another(("Sessions:AttemptsPerAddress", "3"), ("Sessions:AttemptWindow", "01:00:00"));

        for (var i = 0; i < 3; i++)
            Assert.Equal(401, (await FromAsync(app, $"192.0.2.{i}")).Status);
        var limited = await FromAsync(app, "192.0.2.7");
        Assert.Equal(429, limited.Status);
        Assert.InRange(int.Parse(limited.RetryAfter!), 1, 3600);
        Assert.Equal(401, (await FromAsync(app, "192.0.3.7")).Status);

        // A network of IPv6 is one client, whatever it puts behind its 64 bits.
        for (var i = 0; i < 3; i++)
            Assert.Equal(401, (await FromAsync(app, $"2001:db8:0:7::{i}")).Status);
        Assert.Equal(429, (await FromAsync(app, "2001:db8:0:7:ffff::1")).Status);
        Assert.Equal(401, (await FromAsync(app, "2001:db8:0:8::1")).Status);
        Assert.Equal(429, (await FromAsync(app, "::ffff:192.0.2.7")).Status);
    }

    [Fact]
    public async Task SignIn_RefusedForAStranger_DoesNotLockTheOwnerOut()
    {
        await using var app = fixture.Another(("Sessions:AttemptsPerEmail", "2"), ("Sessions:LongestDelay", "00:00:00"));
        var (_, email) = await app.Database.AddAccountAsync();
        // From one network after the other, each until it is refused.
        for (var network = 0; network < 5; network++)
        {
            List<int> statuses = [];
            for (var i = 0; i < 3; i++)
                statuses.Add((await app.TryFromAsync($"203.0.{network}.9", email)).Response.StatusCode);
            Assert.Equal([401, 401, 429], statuses);
        }

        var owner = await app.FromAsync(
            "203.0.113.9",
            "POST",
            "/api/sessions",
            $$"""{"email":"{{email}}","password":"{{SignInHelp.Password}}"}"""
        );

        Assert.Equal(201, owner.Response.StatusCode);
    }

    [Fact]
    public async Task SignIn_OnAnotherNode_IsCountedWithTheFirst()
    {
        (string, string)[] settings = [("Sessions:AttemptsPerEmail", "3"), ("Sessions:AttemptWindow", "01:00:00")];
        await using var one = fixture.Another(settings);
        await using var two = fixture.Another(settings);
        var (_, email) = await one.Database.AddAccountAsync();
        List<int> statuses = [];
        foreach (var node in (ApiApp[])[one, two, one, two, one])
        {
            using var answer = await node.SignInAsync(email, "not the password");
            statuses.Add((int)answer.StatusCode);
        }

        Assert.Equal([401, 401, 401, 429, 429], statuses);
        // Nobody reads an address in the cache.
        var key = CacheKeys.SignInTries("address", SignInCounts.Hash(email));
        Assert.Equal((true, false), (await one.Cache.KeyExistsAsync(key), key.Contains(email, StringComparison.OrdinalIgnoreCase)));
        Assert.InRange((await one.Cache.KeyTimeToLiveAsync(key))!.Value, TimeSpan.FromMinutes(30), TimeSpan.FromHours(1));
    }

    [Fact]
    public async Task SignIn_WithTheCacheAway_IsCountedByTheNode()
    {
        TestClock clock = new(TimeProvider.System.GetUtcNow());
        await using ApiApp app = new(
            fixture.DatabaseConnection,
            "127.0.0.1:1",
            clock,
            new Dictionary<string, string> { ["Sessions:AttemptsPerEmail"] = "2", ["Sessions:LongestDelay"] = "00:00:00" }
        );
        var (_, email) = await app.Database.AddAccountAsync();
        async Task<List<int>> TriesAsync()
        {
            List<int> statuses = [];
            for (var i = 0; i < 3; i++)
                statuses.Add((await app.TryFromAsync("198.51.100.1", email)).Response.StatusCode);
            return statuses;
        }

        Assert.Equal([401, 401, 429], await TriesAsync());
        clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal([401, 401, 429], await TriesAsync());
    }

    [Fact]
    public async Task Enter_BeyondTheTriesOfAnEMail_WaitsLongerEachTimeUpToTheBound()
    {
        UserSessionOptions options = new() { AttemptsPerEmail = 2, LongestDelay = TimeSpan.FromSeconds(1) };
        Assert.Equal(
            [0, 0, 250, 500, 1000, 1000],
            Enumerable.Range(1, 6).Select(tries => SignInLimits.Delay(tries, options).TotalMilliseconds)
        );
        Assert.Equal(options.LongestDelay, SignInLimits.Delay(long.MaxValue, options));
        TestClock clock = new();
        using SignInLimits limits = new(fixture.App.Get<CacheStore>(), Options.Create(options), clock);
        var email = $"{Guid.NewGuid():N}@test.example";
        for (var i = 0; i < 2; i++)
            (await limits.EnterAsync(IPAddress.Parse($"198.51.{i}.1"), email, Ct)).Dispose();

        var timers = clock.Timers;
        var slowed = limits.EnterAsync(IPAddress.Parse("198.51.7.1"), email, Ct).AsTask();
        await Eventually.TrueAsync(() => clock.Timers > timers, "the try waits");
        clock.Advance(TimeSpan.FromMilliseconds(249));
        Assert.False(slowed.IsCompleted);
        clock.Advance(TimeSpan.FromMilliseconds(1));
        using var turn = await slowed;
        Assert.NotNull(turn.Lease);
    }

    [Fact]
    public async Task Enter_MoreAtOnceThanMayWait_RefusesThemAndLetsTheOthersInTurnByTurn()
    {
        using SignInLimits limits = new(
            fixture.App.Get<CacheStore>(),
            Options.Create(
                new UserSessionOptions
                {
                    HashesAtOnce = 1,
                    AttemptsPerEmail = 1_000,
                    AttemptsPerAddress = 1_000,
                }
            ),
            TimeProvider.System
        );
        var email = $"{Guid.NewGuid():N}@test.example";
        var first = await limits.EnterAsync(null, email, Ct);
        var waiting = Enumerable.Range(0, 65).Select(_ => limits.EnterAsync(null, email, Ct).AsTask()).ToList();

        // One of them is one too many.
        var refused = await await Task.WhenAny(waiting);

        Assert.Equal((null, SignInOutcome.Busy, TimeSpan.FromSeconds(1)), (refused.Lease, refused.Outcome, refused.RetryAfter));
        waiting.RemoveAll(turn => turn.IsCompleted);
        Assert.Equal(64, waiting.Count);
        first.Dispose();
        while (waiting.Count > 0)
        {
            var next = await Task.WhenAny(waiting);
            waiting.Remove(next);
            (await next).Dispose();
        }
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
        var context = await app.TryFromAsync(address, $"{Guid.NewGuid():N}@test.example");
        return (context.Response.StatusCode, context.Response.Headers.RetryAfter);
    }
}
