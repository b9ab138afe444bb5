using System.Collections.Concurrent;
using Overnight.Core.Caching;
using Overnight.Tests.Harness;
using Overnight.Tests.Pipeline;
using StackExchange.Redis;

namespace Overnight.Tests.Warming;

/// <summary>The night's changes reach the memory of API nodes: one message a batch.</summary>
public sealed class AnnouncementTests(TestServers servers)
{
    [Fact]
    public async Task Night_BatchCached_IsAnnouncedOnceWithItsRunAndRange()
    {
        var ct = TestContext.Current.CancellationToken;
        var cache = await servers.StartCacheAsync(ct);
        await using var night = await PipelineFixture.CreateAsync(servers, 120, ct, cache.ConnectionString);
        using var listener = await ConnectionMultiplexer.ConnectAsync(cache.ConnectionString);
        ConcurrentQueue<(Guid Run, Guid First, Guid Last)> heard = new();
        await listener.ListenAsync(message =>
        {
            if (CacheChannel.TryReadChanged(message, out var run, out var first, out var last))
                heard.Enqueue((run, first, last));
        });

        var run = await night.RunAsync(ct);

        await Eventually.TrueAsync(() => heard.Count >= 3, "three batches are announced");
        Assert.Equal(3, heard.Count);
        Assert.All(heard, message => Assert.Equal(run.Id, message.Run));
        foreach (var (_, first, last) in heard)
        {
            Assert.Equal(
                1,
                await night.ScalarAsync<long>(
                    "select count(*) from run_batches where run_id = $1 and first_user <= $2 and last_user >= $3 and cached_at is not null",
                    ct,
                    run.Id,
                    first,
                    last
                )
            );
        }

        // What was not cached then is announced when it is.
        await night.ExecuteAsync("update run_batches set cached_at = null where number = (select min(number) from run_batches)", ct);
        await night.Participant.CacheRestAsync(run.Id, ct);
        await Eventually.TrueAsync(() => heard.Count == 4, "the batch that was cached later is announced");
    }
}
