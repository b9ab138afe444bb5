using System.Diagnostics;
using Overnight.Core.Runs;
using Overnight.Jobs.Providers;
using Overnight.Tests.Harness;
using Polly.CircuitBreaker;

namespace Overnight.Tests.Providers;

/// <summary>SPEC A9: what is kept towards a provider: circuit, rate limit, and the key, which reaches it and nobody else.</summary>
public sealed class ProviderLimitTests : ProviderClientTest
{
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
}
