using System.Diagnostics;
using Overnight.Jobs.Commands;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Input;

/// <summary>Runs the real program as a person would, in a process and a folder of its own.</summary>
internal sealed record JobsCommand(int ExitCode, string Output, string Error)
{
    public static async Task<JobsCommand> RunAsync(TestServers servers, string? connectionString, CancellationToken ct, params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false, WorkingDirectory = await servers.CreateFolderAsync() };
        start.ArgumentList.Add(typeof(CommandLine).Assembly.Location);
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("ConnectionStrings__", StringComparison.OrdinalIgnoreCase)).ToArray()) start.Environment.Remove(name);
        start.Environment["DOTNET_ENVIRONMENT"] = "Production";
        if (connectionString is not null) start.Environment["ConnectionStrings__overnight"] = connectionString;
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(ct), process.StandardError.ReadToEndAsync(ct));
        await process.WaitForExitAsync(ct);
        return new(process.ExitCode, await output, await error);
    }
}
