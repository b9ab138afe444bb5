using Overnight.Core;

namespace Overnight.Jobs.Demo;

/// <summary>The demo data that an empty database gets in Development, and the tokens of its demo sessions.</summary>
internal sealed class DemoDataOptions
{
    public const string Section = "Demo";

    [Between(1, DemoSeedParameters.MaxUsers)]
    public int Users { get; set; } = 1_000;

    [Between(0, DemoTenantSeeder.MaxTenants)]
    public int Tenants { get; set; } = 3;

    /// <summary>Token of the demo user's session. Demo sessions are created only when both tokens are configured.</summary>
    public string? UserToken { get; set; }

    public string? AdminToken { get; set; }
}
