using System.CommandLine;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Overnight.Jobs.Commands;

/// <summary>Runs a command, and turns every expected failure into one message and an exit code.</summary>
internal static class CommandLine
{
    /// <summary>
    /// Exit codes. <see cref="Usage"/>: arguments, configuration or input are wrong, or a server can't be reached; nothing was begun.
    /// <see cref="Partial"/>: some of the work failed. <see cref="Failed"/>: the work failed, or the command's question is answered no.
    /// </summary>
    public const int Success = 0,
        Usage = StartupFailure.ExitCode,
        Partial = 2,
        Failed = 3,
        Cancelled = 130;

    /// <summary>How long a command may take to roll back after Ctrl+C.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(20);

    /// <param name="output">Where the command prints; the console when left out.</param>
    /// <param name="error">Where failures are printed; the console when left out.</param>
    public static async Task<int> RunAsync(
        RootCommand root,
        string[] args,
        TextWriter? output = null,
        TextWriter? error = null,
        CancellationToken ct = default
    )
    {
        output ??= Console.Out;
        error ??= Console.Error;
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var problem in parsed.Errors)
                await error.WriteLineAsync(UsageErrors.Explain(problem));
            await error.WriteLineAsync("Add --help to see the commands and options.");
            return Usage;
        }
        InvocationConfiguration configuration = new()
        {
            EnableDefaultExceptionHandler = false,
            // Without a command this is the service, which handles signals itself.
            ProcessTerminationTimeout = parsed.CommandResult.Command == root ? null : Grace,
            Output = output,
            Error = error,
        };
        try
        {
            return await parsed.InvokeAsync(configuration, ct);
        }
        catch (OperationCanceledException)
        {
            await error.WriteLineAsync("Cancelled; nothing was changed by the step that was under way.");
            return Cancelled;
        }
        catch (Exception exception) when (Explain(exception) is { } message)
        {
            await error.WriteLineAsync(message);
            return ExitCode(exception);
        }
    }

    /// <summary>The exit code of a run or warm that is whole, partial or failed.</summary>
    public static int CodeOf(bool isWhole, bool hasAny) =>
        isWhole ? Success
        : hasAny ? Partial
        : Failed;

    private static int ExitCode(Exception exception) =>
        exception switch
        {
            CommandException command => command.ExitCode,
            _ when exception.InnerException is { } inner => ExitCode(inner),
            _ => Usage,
        };

    /// <returns>The message of an expected failure; null for any other.</returns>
    internal static string? Explain(Exception exception) =>
        exception switch
        {
            CommandException => exception.Message,
            _ when StartupFailure.Explain(exception) is { } wrong => wrong,
            NpgsqlException => DatabaseErrors.Explain(exception, null),
            _ when exception.InnerException is { } inner => Explain(inner),
            _ => null,
        };
}
