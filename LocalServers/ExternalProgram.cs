using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Overnight.LocalServers;

/// <summary>Runs programs and waits for their end.</summary>
internal static class ExternalProgram
{
    /// <summary>The dotnet that runs this process, which may differ from the one in PATH.</summary>
    public static readonly string Dotnet = Path.GetFullPath(
        Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet")
    );

    private const UnixFileMode AnyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <returns>The path of a program of this name in PATH, or null.</returns>
    public static string? Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator)
            .Where(folder => folder.Length > 0)
            .SelectMany(folder =>
                OperatingSystem.IsWindows() ? [Path.Combine(folder, name + ".exe")] : (string[])[Path.Combine(folder, name)]
            )
            .FirstOrDefault(IsProgram);

    /// <returns>Whether the path is an executable file; false for a link whose target was uninstalled.</returns>
    public static bool IsProgram(string path)
    {
        FileSystemInfo? file = new FileInfo(path);
        if (file.LinkTarget is not null)
            file = file.ResolveLinkTarget(returnFinalTarget: true);
        return file is { Exists: true } && (OperatingSystem.IsWindows() || (file.UnixFileMode & AnyExecute) != UnixFileMode.None);
    }

    /// <returns>The exit code, and the output followed by the error output.</returns>
    public static async Task<(int ExitCode, string Output)> RunAsync(
        string program,
        IEnumerable<string> arguments,
        CancellationToken ct,
        string directory = ""
    )
    {
        ProcessStartInfo start = new(program, arguments)
        {
            WorkingDirectory = directory,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        try
        {
            var errors = process.StandardError.ReadToEndAsync(ct);
            var output = await process.StandardOutput.ReadToEndAsync(ct) + await errors;
            await process.WaitForExitAsync(ct);
            return (process.ExitCode, output.Trim());
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
