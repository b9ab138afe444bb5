using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Options;
using Overnight.Benchmarks.Servers;
using Overnight.Jobs.Pipeline;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Pipeline;

/// <summary>Faults kill what they are told to, where they are told to, and only in Development.</summary>
public sealed class FaultTests(TestServers servers)
{
    [Fact]
    public async Task Order_CheckpointIsPassed_KillsTheNamedProcessThereAndOnce()
    {
        var ct = TestContext.Current.CancellationToken;
        var file = Path.Combine(await servers.CreateFolderAsync(), "order");
        await using ChildProcess victim = new("sleep", ["600"]);
        FaultInjection faults = new(Options.Create(new FaultOptions { OrderFile = file }));
        faults.At("written");
        await File.WriteAllTextAsync(file, $"written {victim.Id}", ct);

        faults.At("loaded");
        Assert.False(victim.Exited.IsCompleted);
        faults.At("written");

        Assert.NotEqual(0, await victim.Exited.WaitAsync(ct));
        Assert.False(File.Exists(file));
        faults.At("written");
    }

    [Fact]
    public void Options_OutsideDevelopment_AreRefused()
    {
        foreach (
            var options in new FaultOptions[]
            {
                new() { OrderFile = "order" },
                new() { KillAt = "written" },
                new() { KillAtUser = Guid.NewGuid() },
            }
        )
        {
            Assert.False(FaultInjection.AreAllowed(options, In(Environments.Production)));
            Assert.True(FaultInjection.AreAllowed(options, In(Environments.Development)));
        }
        Assert.True(FaultInjection.AreAllowed(new(), In(Environments.Production)));
    }

    private static HostingEnvironment In(string name) => new() { EnvironmentName = name };
}
