using Microsoft.Extensions.DependencyInjection;
using Overnight.Core;
using Overnight.Core.Warming;

namespace Overnight.Tests.Warming;

public sealed class WarmingSetupTests
{
    /// <summary>
    /// A published app that migrates at its start warms after the deployment and by its loop, and adds the sets for each.
    /// </summary>
    [Fact]
    public void AddWarming_CalledTwice_AddsEachSetOnce() =>
        Assert.Equal(Sets(new ServiceCollection().AddWarming()), Sets(new ServiceCollection().AddWarming().AddWarming()));

    private static int Sets(IServiceCollection services) => services.Count(service => service.ServiceType == typeof(WarmSet));
}
