using System.Text;
using Overnight.Jobs.Providers;
using Overnight.Jobs.Providers.Http;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Providers;

/// <summary>A client of a provider under a clock that the test turns.</summary>
public abstract class ProviderClientTest
{
    private protected const string Text = "text/plain";
    private protected readonly TestClock _clock = new();
    private protected readonly LogLines _log = new();

    /// <summary>Timeouts of an hour: only a test that means it comes so far.</summary>
    private protected ProviderClient Client(ProviderServer server, Action<EndpointOptions>? configure = null)
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

    private protected static async Task<string> GetAsync(ProviderClient client, string query = "") =>
        await client.GetAsync(query, [Text], body => Encoding.UTF8.GetString(body.Span), TestContext.Current.CancellationToken);

    private protected static async Task<ProviderException> FailsAsync(Task<string> get) =>
        await Assert.ThrowsAsync<ProviderException>(() => get);

    private protected async Task<T> TurningAsync<T>(Task<T> task, TimeSpan? step = null)
    {
        await Eventually.TrueAsync(() => Turn(() => task.IsCompleted, step), "the request ends");
        return await task;
    }

    private protected bool Turn(Func<bool> done, TimeSpan? step = null)
    {
        if (done())
            return true;
        _clock.Advance(step ?? TimeSpan.FromSeconds(1));
        return done();
    }
}
