using System.Globalization;
using System.Runtime.CompilerServices;

namespace Overnight.Tests.Harness;

/// <summary>The tests' own texts are invariant, whatever the culture of the machine, as those of every service are.</summary>
internal static class InvariantCulture
{
    [ModuleInitializer]
    public static void Set() =>
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.DefaultThreadCurrentUICulture = CultureInfo.InvariantCulture;
}
