using Microsoft.Extensions.Configuration;
using Overnight.Jobs.Commands;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Input;

public sealed class RunningAppTests(TestServers servers)
{
    private const string Connections =
        """{"ConnectionStrings":{"overnight":"Host=here","cache":"here:1"},"services":{"api":{"http":["http://127.0.0.1:5080"]}}}""";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Find_BelowTheClone_ReadsTheAppsConnections()
    {
        var folder = await CloneAsync(Connections);
        ConfigurationManager configuration = new();

        RunningApp.Find(Directory.CreateDirectory(Path.Combine(folder, "a", "b")).FullName)!.AddTo(configuration);

        Assert.Equal(("Host=here", "here:1"), (configuration.GetConnectionString("overnight"), configuration.GetConnectionString("cache")));
        Assert.Equal("http://127.0.0.1:5080", configuration["services:api:http:0"]);
    }

    [Fact]
    public async Task AddTo_WithASettingOfOnesOwn_LetsItWin()
    {
        ConfigurationManager configuration = new();
        configuration.AddInMemoryCollection([new("ConnectionStrings:overnight", "Host=mine")]);

        RunningApp.Find(await CloneAsync(Connections))!.AddTo(configuration);

        Assert.Equal(("Host=mine", "here:1"), (configuration.GetConnectionString("overnight"), configuration.GetConnectionString("cache")));
    }

    [Fact]
    public async Task Find_WhereNoAppRuns_FindsNothing()
    {
        Assert.Null(RunningApp.Find(await CloneAsync(null)));
        Assert.Null(RunningApp.Find(await servers.CreateFolderAsync()));
    }

    [Fact]
    public async Task AddTo_OfADamagedFile_NamesIt()
    {
        var app = RunningApp.Find(await CloneAsync("{\"ConnectionStrings\":"))!;

        var failure = Assert.Throws<CommandException>(() => app.AddTo(new ConfigurationManager()));

        Assert.Contains(Path.Combine(".data", "connections.json"), failure.Message, StringComparison.Ordinal);
    }

    private async Task<string> CloneAsync(string? connections)
    {
        var folder = await servers.CreateFolderAsync();
        await File.WriteAllTextAsync(Path.Combine(folder, "Overnight.slnx"), "", Ct);
        var data = Directory.CreateDirectory(Path.Combine(folder, ".data")).FullName;
        if (connections is not null)
            await File.WriteAllTextAsync(Path.Combine(data, "connections.json"), connections, Ct);
        return folder;
    }
}
