using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using Overnight.Jobs.Providers;
using Overnight.Jobs.Providers.Http;
using Overnight.Tests.Harness;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace Overnight.Tests.Providers;

/// <summary>SPEC A9: one provider over the network, against servers that behave, are slow, refuse, break off and send garbage.</summary>
public sealed class ProviderClientTests
{
    private const string Text = "text/plain";
    private readonly TestClock _clock = new();
    private readonly LogLines _log = new();

    [Fact]
    public async Task Get_ServerThatBehaves_OneRequestWithAcceptAndNoKey()
    {
        await using var server = await ProviderServer.StartAsync(Behaviour.Answer(Text, "fine"));
        using var client = Client(server, o => o.Path = "a/b");

        Assert.Equal("fine", await GetAsync(client, "x=1"));

        var request = Assert.Single(server.Requests);
        Assert.Equal(("/a/b", "?x=1", Text), (request.Path, request.Query, request.Headers["Accept"]));
        Assert.DoesNotContain("X-Api-Key", request.Headers.Keys);
        Assert.DoesNotContain("traceparent", request.Headers.Keys);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(429)]
    [InlineData(408)]
    public async Task Get_FailsTwiceThenAnswers_IsRetriedWithBackoff(int status)
    {
        await using var server = await ProviderServer.StartAsync(
            Behaviour.InTurn(Behaviour.Status(status), Behaviour.Status(status), Behaviour.Answer(Text, "fine")),
            _clock
        );
        using var client = Client(server);

        Assert.Equal("fine", await TurningAsync(GetAsync(client)));

        Assert.Equal(3, server.Requests.Count);
        Assert.True(server.Requests[1].At > server.Requests[0].At);
    }

    [Theory]
    [InlineData(500, "http_status")]
    [InlineData(429, "rate_limited")]
    public async Task Get_GoesOnFailing_FailsAfterTheConfiguredAttempts(int status, string reason)
    {
        await using var server = await ProviderServer.StartAsync(Behaviour.Status(status));
        using var client = Client(server, o => o.Attempts = 3);

        Assert.Equal(reason, (await FailsAsync(TurningAsync(GetAsync(client)))).Reason);

        Assert.Equal(3, server.Requests.Count);
    }

    [Theory]
    [InlineData(401)]
    [InlineData(404)]
    [InlineData(302)]
    public async Task Get_StatusThatWillNotChange_IsNotRetried(int status)
    {
        await using var server = await ProviderServer.StartAsync(Behaviour.Status(status));
        using var client = Client(server);

        Assert.Contains($"{status}", (await FailsAsync(GetAsync(client))).Detail, StringComparison.Ordinal);

        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData(429, "7")]
    [InlineData(503, "7")]
    [InlineData(429, "date")]
    public async Task Get_RetryAfter_IsNotAskedEarlier(int status, string form)
    {
        var begin = _clock.GetUtcNow();
        var after = form == "date" ? (begin + TimeSpan.FromSeconds(7)).ToString("R") : form;
        await using var server = await ProviderServer.StartAsync(
            Behaviour.InTurn(Behaviour.Status(status, after), Behaviour.Answer(Text, "fine")),
            _clock
        );
        using var client = Client(server);

        Assert.Equal("fine", await TurningAsync(GetAsync(client)));

        Assert.True(server.Requests[1].At - begin >= TimeSpan.FromSeconds(7));
    }

    [Theory]
    [InlineData("3600")]
    [InlineData("Fri, 20 Nov 2026 13:00:00 GMT")]
    public async Task Get_RetryAfterBeyondTheBound_IsNeitherWaitedForNorIgnored(string after)
    {
        await using var server = await ProviderServer.StartAsync(Behaviour.Status(429, after));
        using var client = Client(server);

        var failure = await FailsAsync(GetAsync(client));

        Assert.Equal((ProviderFault.RateLimited, TimeSpan.FromHours(1)), (failure.Reason, failure.RetryAfter));
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Get_SlowServer_TimesOutAndIsAskedAgain()
    {
        await using var server = await ProviderServer.StartAsync(Behaviour.Never);
        using var client = Client(server, o => o.Attempts = 2);

        var get = GetAsync(client);
        await Eventually.TrueAsync(() => server.Requests.Count == 1, "the first request arrives");
        _clock.Advance(TimeSpan.FromHours(1));
        await Eventually.TrueAsync(() => Turn(() => server.Requests.Count == 2), "the second request arrives");
        _clock.Advance(TimeSpan.FromHours(1));

        await Assert.ThrowsAsync<TimeoutRejectedException>(() => get);
    }

    [Fact]
    public async Task Get_ConnectionCutWithinTheBody_IsAFailureAndRetried()
    {
        await using var server = await ProviderServer.StartAsync(
            Behaviour.InTurn(Behaviour.Cut(Text, "fin"), Behaviour.Answer(Text, "fine"))
        );
        using var client = Client(server);

        Assert.Equal("fine", await TurningAsync(GetAsync(client)));
    }

    [Fact]
    public async Task Get_ConnectionAlwaysCut_FailsWithReason()
    {
        await using var server = await ProviderServer.StartAsync(Behaviour.Cut(Text, "fin"));
        using var client = Client(server, o => o.Attempts = 2);

        Assert.Equal(ProviderFault.CutOff, (await FailsAsync(TurningAsync(GetAsync(client)))).Reason);
    }

    [Fact]
    public async Task Get_NobodyListens_IsUnreachable()
    {
        var server = await ProviderServer.StartAsync(Behaviour.Never);
        using var client = Client(server, o => o.Attempts = 1);
        await server.DisposeAsync();

        Assert.Equal(ProviderFault.Unreachable, (await FailsAsync(GetAsync(client))).Reason);
    }

    [Fact]
    public async Task Get_AnotherContentType_IsRefusedUnread()
    {
        await using var server = await ProviderServer.StartAsync(Behaviour.Html);
        using var client = Client(server);

        Assert.Equal(ProviderFault.ContentType, (await FailsAsync(GetAsync(client))).Reason);
        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData("endless")]
    [InlineData("announced")]
    [InlineData("packed")]
    public async Task Get_HugeBody_IsNotReadToItsEnd(string how)
    {
        await using var server = await ProviderServer.StartAsync(
            how switch
            {
                "endless" => Behaviour.Endless(Text),
                "announced" => Behaviour.Answer(Text, new string(' ', 100_000)),
                _ => async context =>
                {
                    context.Response.ContentType = Text;
                    context.Response.Headers.ContentEncoding = "gzip";
                    await using GZipStream packed = new(context.Response.Body, CompressionLevel.Fastest);
                    await packed.WriteAsync(new byte[10_000_000]);
                },
            }
        );
        using var client = Client(server, o => o.MaxBytes = 50_000);

        Assert.Equal(ProviderFault.TooLarge, (await FailsAsync(GetAsync(client))).Reason);
    }

    [Fact]
    public async Task Circuit_OpensAfterFailures_LeavesTheProviderAlone_AndIsLoggedOnce()
    {
        var healthy = false;
        await using var server = await ProviderServer.StartAsync(context =>
            (healthy ? Behaviour.Answer(Text, "fine") : Behaviour.Status(500))(context)
        );
        using var client = Client(server, o => (o.Attempts, o.BreakAfter) = (1, 2));
        for (var i = 0; i < 2; i++)
            await FailsAsync(GetAsync(client));

        for (var i = 0; i < 3; i++)
            await Assert.ThrowsAsync<BrokenCircuitException>(() => GetAsync(client));
        Assert.Equal(2, server.Requests.Count);
        Assert.Single(_log.All);

        healthy = true;
        _clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal("fine", await GetAsync(client));
        Assert.Equal("fine", await GetAsync(client));
        Assert.Equal(2, _log.All.Count);
        Assert.Contains("closed", _log.All[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task RateLimit_MoreRequestsThanAllowed_WaitForTheNextMinute()
    {
        await using var server = await ProviderServer.StartAsync(Behaviour.Answer(Text, "fine"), _clock);
        using var client = Client(server, o => o.RequestsPerMinute = 2);
        await GetAsync(client);
        await GetAsync(client);

        var timers = _clock.Timers;
        var third = GetAsync(client);
        await Eventually.TrueAsync(() => _clock.Timers > timers, "the third request waits");
        Assert.Equal(2, server.Requests.Count);
        await TurningAsync(third, TimeSpan.FromSeconds(10));

        Assert.True(server.Requests[2].At - server.Requests[0].At >= TimeSpan.FromMinutes(1));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Key_ReachesTheProvider_AndNothingElse(bool inQuery)
    {
        const string key = "k3y-that-nobody-may-see";
        List<string> spans = [];
        using ActivityListener listener = new()
        {
            // All but the spans of the server, which is in this process, too.
            ShouldListenTo = source => source.Name != "Microsoft.AspNetCore",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                lock (spans)
                    spans.Add($"{activity.DisplayName} {activity.StatusDescription} {string.Join(' ', activity.TagObjects)}");
            },
        };
        ActivitySource.AddActivityListener(listener);
        await using var server = await ProviderServer.StartAsync(Behaviour.Status(500));
        using var client = Client(server, o => (o.Attempts, o.Key, o.KeyParameter) = (2, key, inQuery ? "apikey" : null));
        ProviderCall call = new(_clock, new LogLines<ProviderCall>(_log));

        var (_, report) = await TurningAsync(
            call.TryAsync(
                "rates",
                "ecb",
                TimeSpan.FromHours(5),
                async ct => await client.GetAsync("s=a", [Text], _ => "", ct),
                CancellationToken.None
            )
        );

        Assert.Equal(inQuery ? $"?s=a&apikey={key}" : "?s=a", server.Requests[0].Query);
        Assert.Equal(inQuery ? null : key, server.Requests[0].Headers.GetValueOrDefault("X-Api-Key"));
        Assert.Equal(ProviderFault.HttpStatus, report.Reason);
        Assert.NotEmpty(_log.All);
        lock (spans)
            Assert.Contains(spans, span =>
                span.StartsWith("fetch ", StringComparison.Ordinal) && span.Contains("ecb", StringComparison.Ordinal)
            );
        var told = string.Join('\n', [.. _log.All, ProviderReport.Json([report]).GetRawText(), .. spans.ToArray()]);
        Assert.DoesNotContain(key, told, StringComparison.Ordinal);
        Assert.DoesNotContain(new Uri(server.Url).Authority, string.Join('\n', _log.All), StringComparison.Ordinal);
    }

    [Fact]
    public async Task KeyFile_IsReadAtEachRequest_AndAMissingOneIsAFailure()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "from-a-file\n");
        await using var server = await ProviderServer.StartAsync(Behaviour.Answer(Text, "fine"));
        using var client = Client(server, o => o.KeyFile = file);

        await GetAsync(client);
        File.Delete(file);

        Assert.Equal("from-a-file", server.Requests[0].Headers["X-Api-Key"]);
        Assert.Equal(ProviderFault.NoKey, (await FailsAsync(GetAsync(client))).Reason);
    }

    /// <summary>Timeouts of an hour: only a test that means it comes so far.</summary>
    private ProviderClient Client(ProviderServer server, Action<EndpointOptions>? configure = null)
    {
        EndpointOptions options = new()
        {
            BaseUrl = server.Url,
            Timeout = TimeSpan.FromHours(1),
            BreakAfter = 100,
        };
        configure?.Invoke(options);
        return new("ecb", options, _clock, _log);
    }

    private static async Task<string> GetAsync(ProviderClient client, string query = "") =>
        await client.GetAsync(query, [Text], body => Encoding.UTF8.GetString(body.Span), TestContext.Current.CancellationToken);

    private static async Task<ProviderException> FailsAsync(Task<string> get) => await Assert.ThrowsAsync<ProviderException>(() => get);

    private async Task<T> TurningAsync<T>(Task<T> task, TimeSpan? step = null)
    {
        await Eventually.TrueAsync(() => Turn(() => task.IsCompleted, step), "the request ends");
        return await task;
    }

    private bool Turn(Func<bool> done, TimeSpan? step = null)
    {
        if (done())
            return true;
        _clock.Advance(step ?? TimeSpan.FromSeconds(1));
        return done();
    }
}
