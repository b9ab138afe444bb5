using System.IO.Compression;
using Overnight.Jobs.Providers;
using Overnight.Tests.Harness;
using Polly.Timeout;

namespace Overnight.Tests.Providers;

/// <summary>SPEC A9: one provider over the network, against servers that behave, are slow, refuse, break off and send garbage.</summary>
public sealed class ProviderClientTests : ProviderClientTest
{
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
}
