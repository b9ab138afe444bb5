using System.Diagnostics;
using Overnight.Jobs.Commands;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Input;

/// <summary>Runs the real program as a person would, in a process and a folder of its own.</summary>
internal sealed record JobsCommand(int ExitCode, string Output, string Error)
{
    public static Task<JobsCommand> RunAsync(
        TestServers servers,
        string? connectionString,
        CancellationToken ct,
        params string[] arguments
    ) => RunAsync(servers, connectionString, arguments, null, null, ct);

    /// <param name="cache">Connection string of the cache, if the command is to have one.</param>
    /// <param name="input">What it reads from standard input.</param>
    /// <param name="environment">What it runs in.</param>
    /// <param name="settings">Configuration, as environment variables.</param>
    public static async Task<JobsCommand> RunAsync(
        TestServers servers,
        string? connectionString,
        string[] arguments,
        string? cache,
        string? input,
        CancellationToken ct,
        string environment = "Production",
        IReadOnlyDictionary<string, string>? settings = null
    )
    {
        ProcessStartInfo start = new("dotnet")
        {
            RedirectStandardInput = input is not null,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = await servers.CreateFolderAsync(),
        };
        start.ArgumentList.Add(typeof(CommandLine).Assembly.Location);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (
            var name in start.Environment.Keys.Where(k => k.StartsWith("ConnectionStrings__", StringComparison.OrdinalIgnoreCase)).ToArray()
        )
            start.Environment.Remove(name);
        start.Environment["DOTNET_ENVIRONMENT"] = environment;
        foreach (var (name, value) in settings ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        if (connectionString is not null)
            start.Environment["ConnectionStrings__overnight"] = connectionString;
        if (cache is not null)
            start.Environment["ConnectionStrings__cache"] = cache;
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(ct), process.StandardError.ReadToEndAsync(ct));
        if (input is not null)
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), ct);
            process.StandardInput.Close();
        }
        await process.WaitForExitAsync(ct);
        return new(process.ExitCode, await output, await error);
    }
}
