namespace Overnight.Jobs.Commands;

/// <summary>A failure that is expected: its message says what went wrong, where, and what to do, and is all that is printed.</summary>
internal class CommandException(string message, Exception? inner = null) : Exception(message, inner);
