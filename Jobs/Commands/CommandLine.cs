using System.CommandLine;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Overnight.Jobs.Commands;

/// <summary>Runs what was asked for, and turns every expected failure into one message and an exit code.</summary>
internal static class CommandLine
{
    public const int Success = 0,
        Failed = 1,
        Usage = 2,
        Cancelled = 130;

    /// <summary>How long a command may take to roll back after Ctrl+C.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(20);

    /// <param name="output">Defaults to the console; a test gives its own.</param>
    /// <param name="error">Likewise, for failures.</param>
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
                await error.WriteLineAsync(problem.Message);
            await error.WriteLineAsync("Add --help to see what is known.");
            return Usage;
        }
        InvocationConfiguration configuration = new()
        {
            EnableDefaultExceptionHandler = false,
            // The service listens for signals itself and stops at its own pace.
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
            return Failed;
        }
    }

    /// <returns>What to tell of a failure that is expected; null of any other.</returns>
    internal static string? Explain(Exception exception) =>
        exception switch
        {
            CommandException => exception.Message,
            OptionsValidationException invalid => string.Join(Environment.NewLine, invalid.Failures),
            // The binder's own message has key, value and type.
            InvalidOperationException
                when exception.Message.StartsWith("Failed to convert configuration value", StringComparison.Ordinal) => exception.Message,
            NpgsqlException => DatabaseErrors.Explain(exception, null),
            _ when exception.InnerException is { } inner => Explain(inner),
            _ => null,
        };
}
