using System.Diagnostics;
using Overnight.Benchmarks.Servers;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Servers;

public sealed class ChildProcessTests
{
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Process_EndsByItself_GivesItsExitCodeAndLastLines()
    {
        List<string> lines = [];
        await using ChildProcess process = new("sh", ["-c", "echo one; echo two >&2; echo $VALUE; exit 3"], Said, null, Variables);

        Assert.Equal(3, await process.Exited.WaitAsync(Ct));
        Assert.Equal(["given", "one", "two"], process.Tail.Order());
        Assert.Equal(["given", "one", "two"], lines.Order());

        void Said(string line)
        {
            lock (lines)
                lines.Add(line);
        }
    }

    [Fact]
    public async Task Stop_WithASignal_IsThatSignalToTheProgramItself()
    {
        await using ChildProcess process = new("sh", ["-c", "trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done"]);
        await Eventually.TrueAsync(() => process.Tail.Count > 0, "the trap is set");

        await process.StopAsync(Grace);

        Assert.Equal(7, await process.Exited);
    }

    [Fact]
    public async Task Owner_Gone_TakesItAlong()
    {
        ProcessStartInfo start = new("/bin/sh", ["-c", ChildProcess.Script, "sh", "sleep", "600"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        using var shell = Process.Start(start)!;
        using var program = Process.GetProcessById(int.Parse((await shell.StandardOutput.ReadLineAsync(Ct))!));

        // What the system does when we are killed.
        shell.StandardInput.Close();

        await program.WaitForExitAsync(Ct);
        await shell.WaitForExitAsync(Ct);
        Assert.Equal(128 + 9, shell.ExitCode);
    }

    private static Dictionary<string, string?> Variables => new() { ["VALUE"] = "given" };
}
