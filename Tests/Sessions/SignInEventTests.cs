using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Overnight.Api.Sessions;
using Overnight.Core.Actions;
using Overnight.Core.Sessions;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Providers;

namespace Overnight.Tests.Sessions;

/// <summary>SPEC E5: what is told of sign-ins, refusals and ends, and the session that a sign-in replaces.</summary>
public sealed class SignInEventTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SignIns_RefusalsAndEnds_AreCountedAndLoggedWithoutWhoTheyAreOf()
    {
        LogLines lines = new();
        await using ApiApp app = new(
            fixture.DatabaseConnection,
            fixture.CacheConnection,
            settings: new Dictionary<string, string> { ["Sessions:AttemptsPerEmail"] = "1" },
            services: services => services.AddSingleton<ILoggerProvider>(new LogLinesProvider(lines))
        );
        ConcurrentQueue<string> measured = new();
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == SessionTelemetry.Name && instrument.Meter.Scope == app.Get<IMeterFactory>())
                self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>(
            (instrument, value, tags, _) =>
                measured.Enqueue($"{instrument.Name} {value} {string.Join(' ', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))}")
        );
        listener.Start();
        var (user, email) = await app.Database.AddAccountAsync();
        using var right = await app.SignInAsync(email, SignInHelp.Password);
        var token = (await right.JsonAsync()).GetProperty("token").GetString()!;
        using var wrong = await app.SignInAsync(email, "not the password");
        using var limited = await app.SignInAsync(email, "not the password");
        using var signedOut = await app.SendAsync(HttpMethod.Delete, "/api/sessions/current", token);
        await app.Get<SessionRevocation>().BanAsync(user, Actor.Command);

        Assert.Equal(
            [
                "overnight.sessions.sign_ins 1 outcome=signed_in",
                "overnight.sessions.sign_ins 1 outcome=wrong",
                "overnight.sessions.sign_ins 1 outcome=limited",
                "overnight.sessions.ends 1 reason=signed_out",
                "overnight.sessions.ends 0 reason=banned",
            ],
            measured
        );
        foreach (
            var text in (string[])["signed in; session", "refused (wrong)", "refused (limited)", "ended (signed_out)", "ended (banned)"]
        )
            Assert.Contains(lines.All, line => line.Contains(text, StringComparison.Ordinal));
        foreach (var secret in (string[])[email, $"{user:D}", $"{user:N}", token, TestPeople.Hash(token)])
            Assert.DoesNotContain(lines.All, line => line.Contains(secret, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task SignIn_WithTheSessionOfBefore_EndsIt()
    {
        var (_, email) = await fixture.App.Database.AddAccountAsync();
        using var first = await fixture.App.SignInAsync(email, SignInHelp.Password);
        var token = (await first.JsonAsync()).GetProperty("token").GetString()!;
        using HttpRequestMessage request = new(HttpMethod.Post, "/api/sessions")
        {
            Content = new StringContent(
                $$"""{"email":"{{email}}","password":"{{SignInHelp.Password}}","cookie":true}""",
                Encoding.UTF8,
                "application/json"
            ),
        };
        request.Headers.Add("Cookie", $"{SessionCookie.DevelopmentName}={token}");
        request.Headers.Add("Sec-Fetch-Site", "same-origin");
        using var second = await fixture.App.Http.SendAsync(request, Ct);

        Assert.Equal(HttpStatusCode.Created, second.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, await fixture.App.StatusAsync(token));
    }
}
