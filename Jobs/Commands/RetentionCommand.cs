using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Overnight.Jobs.Retention;

namespace Overnight.Jobs.Commands;

/// <summary><c>retention [--dry-run]</c>: runs the daily retention once.</summary>
internal static class RetentionCommand
{
    public static Command Create()
    {
        Option<bool> dryRun = new("--dry-run") { Description = "Say what would be made, dropped and removed, and change nothing." };
        Command command = new(
            "retention",
            "Makes the monthly partitions ahead, and drops those older than Retention:Months with all that belongs to them. Exit code 2 when some had to be put off."
        )
        {
            dryRun,
        };
        command.SetWork(
            async (parsed, services, output, ct) =>
            {
                var report = await services.GetRequiredService<HistoryRetention>().RunOnceAsync(parsed.GetValue(dryRun), ct)
                    ?? throw new CommandException(
                        "Another process is running retention at this moment; nothing was changed here.",
                        exitCode: CommandLine.Failed
                    );
                foreach (var line in report.Lines())
                    output.Line(line);
                return report.Postponed.Count == 0 ? CommandLine.Success : CommandLine.Partial;
            },
            builder => builder.AddRetention()
        );
        return command;
    }
}
