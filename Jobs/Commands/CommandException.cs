namespace Overnight.Jobs.Commands;

/// <summary>An expected failure of a command. Only its message is printed: what went wrong, where, and what to do.</summary>
/// <param name="exitCode">The command's exit code; <see cref="CommandLine.Usage"/> for bad arguments and unreachable servers.</param>
internal class CommandException(string message, Exception? inner = null, int exitCode = CommandLine.Usage) : Exception(message, inner)
{
    public int ExitCode => exitCode;
}
