using System.Diagnostics;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Configuration;

/// <summary>A program of the product, run to its end with an environment that the test gives.</summary>
internal sealed record ProgramRun(int ExitCode, string Output, string Error)
{
    public const string Jobs = "Overnight.Jobs.dll",
        Api = "Overnight.Api.dll";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <param name="settings">Configuration keys, with colons.</param>
    public static async Task<ProgramRun> RunAsync(
        TestServers servers,
        string program,
        string[] arguments,
        CancellationToken ct,
        params IEnumerable<(string Key, string Value)> settings
    )
    {
        ProcessStartInfo start = new("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, program), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = await servers.CreateFolderAsync(),
        };
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("ConnectionStrings", StringComparison.Ordinal)).ToArray())
            start.Environment.Remove(name);
        foreach (
            var (key, value) in (IEnumerable<(string, string)>)
                [
                    ("DOTNET_ENVIRONMENT", "Production"),
                    ("ASPNETCORE_ENVIRONMENT", "Production"),
                    ("ASPNETCORE_URLS", "http://127.0.0.1:0"),
                    .. settings,
                ]
        )
            start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        using var process = Process.Start(start)!;
        try
        {
            var (output, error) = (process.StandardOutput.ReadToEndAsync(ct), process.StandardError.ReadToEndAsync(ct));
            await process.WaitForExitAsync(ct).WaitAsync(Limit, ct);
            return new(process.ExitCode, await output, await error);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }
}
