using System.Collections.Concurrent;
using System.Diagnostics;
using Overnight.Tests.Caching;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Pages;

/// <summary>A machine without the ICU library, which .NET otherwise ends at.</summary>
public sealed class MissingIcuTests(TestServers servers)
{
    /// <summary>Puts an empty file over each file of ICU, for the program that follows alone.</summary>
    private const string Hide = """
        for file in /usr/lib/*/libicu*.so* /usr/lib64/libicu*.so* /usr/lib/libicu*.so*; do
          if [ -f "$file" ]; then mount --bind /dev/null "$file" || exit 1; fi
        done
        exec "$@"
        """;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Api_WithoutIcu_StartsWithInternationalFormsAndSaysSo()
    {
        if (!await HasNamespacesAsync())
            Assert.Skip("Hiding ICU from a program takes unshare and a kernel that allows it.");
        ConcurrentQueue<string> said = new();

        using var api = await TestApiProcess.StartAsync(
            await servers.CreateDatabaseAsync(Ct),
            await servers.CacheConnectionStringAsync(Ct),
            Ct,
            ["unshare", "--map-root-user", "--mount", "sh", "-c", Hide, "sh"],
            said.Enqueue
        );

        Assert.Contains("ICU is not installed", await api.PageAsync("/", "de-DE", Ct), StringComparison.Ordinal);
        Assert.Contains(said, line => line.Contains("The ICU library is not installed (libicu)", StringComparison.Ordinal));
    }

    private static async Task<bool> HasNamespacesAsync()
    {
        try
        {
            using var trial = Process.Start(
                new ProcessStartInfo("unshare", ["--map-root-user", "--mount", "mount", "--bind", "/dev/null", "/dev/null"])
                {
                    RedirectStandardError = true,
                    UseShellExecute = false,
                }
            )!;
            await trial.WaitForExitAsync(Ct);
            return trial.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false; // There is no unshare.
        }
    }
}
