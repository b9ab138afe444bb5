using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using Overnight.Core.Caching;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Tracing;

/// <summary>What a request's own span tells of where the dashboard came from.</summary>
public sealed class DashboardTraceTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string Outcome = "overnight.cache.outcome";

    private readonly ApiApp _app = fixture.App;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Get_Dashboard_SpanSaysWhetherTheCacheAnsweredOrPostgres()
    {
        var (userId, token) = await _app.Database.SignInAsync();
        await _app.Database.AddResultAsync(userId, TestResults.Entry(userId));

        Assert.Equal("fallback", await OutcomeAsync(_app, token, HttpStatusCode.OK));
        await Eventually.TrueAsync(async () => await _app.Cache.KeyExistsAsync(CacheKeys.Recommendations(userId)), "the entry is repaired");
        Assert.Equal("hit", await OutcomeAsync(_app, token, HttpStatusCode.OK));

        // A node that knows nobody yet answers by its route, and from then on before it.
        await using var other = fixture.Another();
        Assert.Equal("hit", await OutcomeAsync(other, token, HttpStatusCode.OK));
        Assert.Equal("hit", await OutcomeAsync(other, token, HttpStatusCode.OK));
    }

    [Fact]
    public async Task Get_DashboardOfNobodyOrWithoutAResult_SpanSaysWhoWasAsked()
    {
        var (_, token) = await _app.Database.SignInAsync();
        Assert.Equal("fallback", await OutcomeAsync(_app, token, HttpStatusCode.NotFound));
        Assert.Null(await OutcomeAsync(_app, "nobody", HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task Get_DashboardThatIsNotRecorded_HasNoTag()
    {
        var (userId, token) = await _app.Database.SignInAsync();
        await _app.Database.AddResultAsync(userId, TestResults.Entry(userId));
        Assert.Null(await OutcomeAsync(_app, token, HttpStatusCode.OK, ActivitySamplingResult.AllData));
    }

    /// <summary>Listens to one request alone: other tests have requests of theirs in the same process.</summary>
    private static async Task<object?> OutcomeAsync(
        ApiApp app,
        string token,
        HttpStatusCode expected,
        ActivitySamplingResult sampled = ActivitySamplingResult.AllDataAndRecorded
    )
    {
        var trace = ActivityTraceId.CreateRandom();
        ConcurrentQueue<Activity> ended = new();
        using ActivityListener listener = new()
        {
            ShouldListenTo = source => source.Name == "Microsoft.AspNetCore",
            Sample = (ref ActivityCreationOptions<ActivityContext> span) => span.TraceId == trace ? sampled : ActivitySamplingResult.None,
            ActivityStopped = span =>
            {
                if (span.TraceId == trace)
                    ended.Enqueue(span);
            },
        };
        ActivitySource.AddActivityListener(listener);
        using HttpRequestMessage request = new(HttpMethod.Get, "/api/dashboard");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        request.Headers.Add(
            "traceparent",
            $"00-{trace}-{ActivitySpanId.CreateRandom()}-{(sampled == ActivitySamplingResult.AllDataAndRecorded ? "01" : "00")}"
        );
        using var answer = await app.Http.SendAsync(request, Ct);
        Assert.Equal(expected, answer.StatusCode);

        await Eventually.TrueAsync(() => !ended.IsEmpty, "the request's span has ended");
        return Assert.Single(ended).GetTagItem(Outcome);
    }
}
