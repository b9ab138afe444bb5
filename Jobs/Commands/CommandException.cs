namespace Overnight.Jobs.Commands;

/// <summary>A failure that is expected: its message says what went wrong, where, and what to do, and is all that is printed.</summary>
/// <param name="exitCode">Of the command; <see cref="CommandLine.Usage"/> for what the command was given or can't reach.</param>
internal class CommandException(string message, Exception? inner = null, int exitCode = CommandLine.Usage) : Exception(message, inner)
{
    public int ExitCode => exitCode;
}
