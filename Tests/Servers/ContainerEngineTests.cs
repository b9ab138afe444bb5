using Overnight.Tests.Harness;

namespace Overnight.Tests.Servers;

/// <summary>Programs of our own stand for the clients: which engines there are is the machine's business.</summary>
public sealed class ContainerEngineTests(TestServers servers)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true, "exit 0")]
    [InlineData(false, "echo Cannot connect to the daemon >&2; exit 1")]
    [InlineData(true, "exit 1", "test \"$1\" = info")]
    [InlineData(false)]
    public async Task Engine_Asked_AnswersOrNot(bool answers, params string[] scripts) =>
        Assert.Equal(answers, await ContainerEngine.AnyAnswersAsync(await ProgramsAsync(scripts), Patience, Ct));

    [Fact]
    public async Task Engine_ThatHangs_CountsAsNone() =>
        Assert.False(await ContainerEngine.AnyAnswersAsync(await ProgramsAsync("sleep 600"), TimeSpan.FromMilliseconds(100), Ct));

    private async Task<List<string>> ProgramsAsync(params string[] scripts)
    {
        var folder = await servers.CreateFolderAsync();
        List<string> programs = [];
        foreach (var (number, script) in scripts.Index())
        {
            programs.Add(Path.Combine(folder, $"engine-{number}"));
            await File.WriteAllTextAsync(programs[^1], $"#!/bin/sh\n{script}\n", Ct);
            File.SetUnixFileMode(programs[^1], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        return programs;
    }
}
