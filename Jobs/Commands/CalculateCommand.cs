using System.CommandLine;
using System.Text;
using Overnight.Jobs.Calculation;

namespace Overnight.Jobs.Commands;

/// <summary><c>calculate</c>: portfolios from a file, without a database.</summary>
internal static class CalculateCommand
{
    public static Command Create()
    {
        Option<FileInfo> input = new("--input")
        {
            Description =
                "JSON lines, {\"case\": .., \"input\": {..}} each: user, rates, classes, criteria, holdings with price and fundamentals.",
            Required = true,
        };
        Option<FileInfo?> output = new("--output")
        {
            Description = "Where to write one JSON line per case; standard output when left out.",
        };
        Command command = new(
            "calculate",
            "Scores portfolios and recommends purchases from a file, without touching the database. Exit code 1 when a case has errors; the "
                + "others are calculated."
        )
        {
            input,
            output,
        };
        command.SetAction((parsed, ct) => RunAsync(parsed.GetValue(input)!, parsed.GetValue(output), parsed.InvocationConfiguration, ct));
        return command;
    }

    private static async Task<int> RunAsync(FileInfo input, FileInfo? output, InvocationConfiguration console, CancellationToken ct)
    {
        try
        {
            // Invalid UTF-8 throws, because it would otherwise become a replacement character in a name.
            using StreamReader reader = new(input.FullName, new UTF8Encoding(false, throwOnInvalidBytes: true));
            var summary = output is null
                ? await CaseFileCalculator.RunAsync(reader, console.Output, ct)
                : await ToFileAsync(reader, output, ct);
            foreach (var error in summary.Errors)
                await console.Error.WriteLineAsync(error);
            if (output is not null)
                await console.Output.WriteLineAsync(
                    $"{summary.Calculated} calculated, {summary.Errors.Count} with errors: {output.FullName}"
                );
            return summary.Errors.Count == 0 ? CommandLine.Success : CommandLine.Usage;
        }
        catch (DecoderFallbackException exception)
        {
            throw new CommandException($"{input.FullName} is not UTF-8 text. Save it as UTF-8 and calculate it again.", exception);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException && !input.Exists)
        {
            throw new CommandException($"--input: there is no file {input.FullName}.", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(
                $"--input {input.FullName}{(output is null ? "" : $", --output {output.FullName}")}: {exception.Message}",
                exception
            );
        }
    }

    /// <summary>Writes a .partial file and renames it when complete, so that an interrupted command leaves the earlier output.</summary>
    private static async Task<CaseSummary> ToFileAsync(TextReader reader, FileInfo output, CancellationToken ct)
    {
        var partial = output.FullName + ".partial";
        try
        {
            CaseSummary summary;
            await using (StreamWriter writer = new(partial))
                summary = await CaseFileCalculator.RunAsync(reader, writer, ct);
            File.Move(partial, output.FullName, overwrite: true);
            return summary;
        }
        finally
        {
            File.Delete(partial);
        }
    }
}
