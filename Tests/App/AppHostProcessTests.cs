using System.Text.Json;
using Overnight.Tests.Harness;

namespace Overnight.Tests.App;

/// <summary>The app as a person starts it, and how it ends.</summary>
public sealed class AppHostProcessTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AppHost_Interrupted_RefusesASecondOnItsDataAndLeavesNoProcess()
    {
        RequireLinux();
        var data = await DataAsync();
        await using AppHostProcess host = new(data);

        var curl = await host.UpAsync(Ct);

        Assert.Matches("^curl -H \"Authorization: Bearer [A-Za-z0-9_-]{43}\" http://localhost:[0-9]+/api/dashboard$", curl);
        Assert.Contains("/login?t=", host.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("fail:", host.Output, StringComparison.Ordinal);
        AssertConnections(data);
        Assert.Contains(host.Children(), command => command.Contains("Overnight.Api", StringComparison.Ordinal));
        Assert.Contains(host.Children(), command => command.Contains("postgres", StringComparison.Ordinal));
        Assert.All(host.Children(), command => Assert.DoesNotContain("assword", command, StringComparison.Ordinal));
        await using (AppHostProcess second = new(data))
        {
            Assert.NotEqual(0, await second.ExitAsync(Ct));
            Assert.Contains($"Overnight already runs from {data}", second.Output, StringComparison.Ordinal);
        }

        host.Signal("INT");

        await host.ExitAsync(Ct);
        await Eventually.TrueAsync(() => host.Children().Count == 0, "nothing that the AppHost started is left");
        Assert.False(File.Exists(Path.Combine(data, "connections.json")));
    }

    [Fact]
    public async Task AppHost_Killed_LeavesNoProcessAndTheNextStartKeepsTheData()
    {
        RequireLinux();
        var data = await DataAsync();
        await using (AppHostProcess killed = new(data))
        {
            await killed.UpAsync(Ct);
            killed.Signal("KILL");
            await killed.ExitAsync(Ct);
            // At once, while what it started is still ending.
            await using AppHostProcess next = new(data);
            await next.UpAsync(Ct);
            await Eventually.TrueAsync(() => killed.Children().Count == 0, "nothing that the killed AppHost started is left");
            // The first night is not done again, for its results are there.
            Assert.DoesNotContain("fail:", next.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task AppHost_DatabaseThatIsNotThere_SaysWhichResourceFailedWithoutThePassword()
    {
        RequireLinux();
        await using AppHostProcess host = new(
            await DataAsync(),
            ("ConnectionStrings__overnight", "Host=127.0.0.1;Port=1;Username=nobody;Password=secret-in-test;Database=none")
        );

        await Eventually.TrueAsync(
            () => host.Output.Contains("migrations failed with exit code 1", StringComparison.Ordinal),
            "the failed resource is named",
            TimeSpan.FromMinutes(2)
        );

        Assert.DoesNotContain("secret-in-test", host.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("curl ", host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AppHost_DataThatNoServerOpens_SaysWhichPreparationFailedAndWhy()
    {
        RequireLinux();
        var data = await DataAsync();
        var server = Directory.CreateDirectory(Path.Combine(data, "postgres", "data"));
        await File.WriteAllTextAsync(Path.Combine(server.FullName, "PG_VERSION"), "99\n", Ct);
        await using AppHostProcess host = new(data);

        await Eventually.TrueAsync(
            () =>
                host.Output.Contains("postgres-prepare failed with exit code 1. Its last lines:", StringComparison.Ordinal)
                && host.Output.Contains(Path.Combine(data, "postgres"), StringComparison.Ordinal),
            "the failed resource and its data are named, while everything else still waits for it",
            TimeSpan.FromMinutes(2)
        );
    }

    private static void AssertConnections(string data)
    {
        var file = Path.Combine(data, "connections.json");
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        using var connections = JsonDocument.Parse(File.ReadAllText(file));
        var strings = connections.RootElement.GetProperty("ConnectionStrings");
        Assert.Contains("Username=overnight;", strings.GetProperty("overnight").GetString(), StringComparison.Ordinal);
        Assert.Contains("password=", strings.GetProperty("cache").GetString(), StringComparison.Ordinal);
        Assert.False(strings.TryGetProperty("postgres", out _));
    }

    private static void RequireLinux()
    {
        if (!OperatingSystem.IsLinux())
            Assert.Skip("Looks for processes in /proc.");
    }

    /// <summary>A folder that is gone when the tests end. A desk without servers skips.</summary>
    private async Task<string> DataAsync()
    {
        await servers.CacheConnectionStringAsync(Ct);
        return await servers.CreateFolderAsync();
    }
}
