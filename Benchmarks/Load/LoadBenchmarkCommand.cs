using System.CommandLine;
using Overnight.Benchmarks.Reporting;

namespace Overnight.Benchmarks.Load;

/// <summary><c>load</c>: the generator of requests, a process of its own, started by the benchmarks.</summary>
internal static class LoadBenchmarkCommand
{
    public static Command Create()
    {
        Option<string> plan = new("--plan") { Required = true, Description = "File with a line per user: session token, space, user id." };
        Option<int> port = new("--port") { Required = true };
        Option<string> path = new("--path") { Required = true };
        var connections = BenchmarkCommandLine.Number(
            "--connections",
            32,
            1,
            1_024,
            "Keep-alive connections, one request at a time on each."
        );
        Option<double> seconds = new("--seconds") { Required = true };
        Option<int> seed = new("--seed") { DefaultValueFactory = _ => 1, Description = "Of the order of users." };
        Command command = new("load", "Sends requests as fast as they are answered, and counts.")
        {
            plan,
            port,
            path,
            connections,
            seconds,
            seed,
        };
        command.Hidden = true;
        command.SetAction(
            async (parsed, ct) =>
            {
                var requests = await UserRequests.ReadAsync(parsed.GetValue(plan)!, parsed.GetValue(path)!, ct);
                Report.Write(
                    await ClosedLoopLoad.RunAsync(
                        requests,
                        parsed.GetValue(port),
                        parsed.GetValue(connections),
                        TimeSpan.FromSeconds(parsed.GetValue(seconds)),
                        parsed.GetValue(seed),
                        ct
                    )
                );
                return 0;
            }
        );
        return command;
    }
}
