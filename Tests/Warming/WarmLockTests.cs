using Overnight.Core.Flags;
using Overnight.Core.Warming;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Warming;

/// <summary>A set is warmed by one process at a time.</summary>
public sealed class WarmLockTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Warm_SetThatAnotherWarms_IsLeftToIt()
    {
        await using var warm = await WarmFixture.CreateAsync(servers, Ct);
        await using (
            var held = await HeldLock.TakeAsync(
                warm.Database,
                "select pg_advisory_xact_lock(hashtext('overnight.warm'), hashtext($1))",
                FlagWarmSet.SetName
            )
        )
            Assert.Equal(WarmStatus.Running, (await held.NobodyWaitsAsync(warm.WarmAsync(FlagWarmSet.SetName, Ct))).Status);

        Assert.Equal(WarmStatus.Completed, (await warm.WarmAsync(FlagWarmSet.SetName, Ct)).Status);
    }
}
