using System.Globalization;
using System.Runtime.InteropServices;

namespace Overnight.Api;

/// <summary>
/// The api shows amounts in the reader's culture, for which .NET needs the ICU library; on Linux a process without it ends at its first
/// use of a culture. Here such a machine gets the invariant mode instead. Everything that is not shown on a page stays invariant,
/// whatever the machine's own culture is.
/// </summary>
internal static class IcuFallback
{
    /// <summary>The oldest and a far newer version that .NET looks for.</summary>
    private const int OldestIcu = 50,
        NewestIcu = 120;

    /// <summary>Must be the first statement of the program: the runtime reads the switch at the first use of a culture.</summary>
    public static void Prepare()
    {
        if (!HasIcu(OperatingSystem.IsLinux(), static library => NativeLibrary.TryLoad(library, out _)))
            AppContext.SetSwitch("System.Globalization.Invariant", true);
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.DefaultThreadCurrentUICulture = CultureInfo.InvariantCulture;
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = CultureInfo.InvariantCulture;
    }

    /// <param name="mustLook">False where the system brings ICU or its like with it.</param>
    /// <param name="load">Whether a library of a name can be loaded.</param>
    internal static bool HasIcu(bool mustLook, Func<string, bool> load)
    {
        if (!mustLook || load("libicuuc.so"))
            return true;
        for (var version = NewestIcu; version >= OldestIcu; version--)
        {
            if (load($"libicuuc.so.{version}"))
                return true;
        }
        return false;
    }
}
