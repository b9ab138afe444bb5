using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Overnight.Core;
using Overnight.Core.Actions;
using Overnight.Core.Market.Calendars;
using Overnight.Core.Runs;
using Overnight.Jobs.Pipeline;
using Overnight.Jobs.Providers;

namespace Overnight.Jobs.Commands;

/// <summary><c>run</c>: runs a night now, in this process and in every replica, which are notified.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        Option<string> market = new("--market")
        {
            Description = "Code of the market to prepare.",
            DefaultValueFactory = _ => MarketCatalog.Default,
        };
        Option<string?> date = new("--date")
        {
            Description = "Business date (yyyy-MM-dd), the date of the open being prepared; the next open when left out.",
        };
        Option<bool> again = new("--again")
        {
            Description = "Start the next revision when the night's run is finished; without it a finished run is only shown.",
        };
        Option<bool> dry = new("--dry-run")
        {
            Description = "Compute from stored values, store nothing, and show what would differ from the current results.",
        };
        Command command = new(
            "run",
            "Runs a night now, or joins the one under way, and shows its progress and outcome. Exit code 0: completed; 2: partial; 3: failed."
        )
        {
            market,
            date,
            again,
            dry,
        };
        command.SetWork(
            (parsed, services, output, ct) =>
                parsed.GetValue(dry)
                    ? DryRunAsync(services, output, parsed.GetValue(market)!, Date(parsed.GetValue(date)), ct)
                    : RunAsync(services, output, parsed.GetValue(market)!, Date(parsed.GetValue(date)), parsed.GetValue(again), ct),
            builder => builder.AddPipeline()
        );
        return command;
    }

    /// <exception cref="CommandException">The text is no date.</exception>
    internal static DateOnly? Date(string? text, string option = "--date") =>
        text is null ? null
        : DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) ? date
        : throw new CommandException($"{option} must be a day of the calendar as yyyy-MM-dd, not '{text}'.");

    private static async Task<int> RunAsync(
        IServiceProvider services,
        CommandOutput output,
        string market,
        DateOnly? date,
        bool again,
        CancellationToken ct
    )
    {
        // Created first, since it connects to the cache and compiles the calculation in the background.
        var participant = services.GetRequiredService<RunParticipant>();
        var runs = services.GetRequiredService<RunStore>();
        var (run, started) = await StartAsync(runs, market, date, again, ct);
        if (!started && run.IsFinished)
        {
            output.Line(
                $"The night of {run.Market} for {run.BusinessDate:yyyy-MM-dd} is done (revision {run.Revision}, {run.Status}). "
                    + $"Add --again to run revision {run.Revision + 1}."
            );
            var state = await services.GetRequiredService<RunProgress>().ReadAsync(run.Id, ct);
            output.Line(state.Summary());
            return ForegroundRun.CodeOf(state);
        }
        output.Line(
            $"{(started ? "Started" : "Joined")} run {run.Id}: {run.Market}, {run.BusinessDate:yyyy-MM-dd}, revision {run.Revision}."
        );
        if (!await runs.HasUsersAsync(run.Market, ct))
            output.Line(RunStore.NobodyIn(run.Market));
        var code = await ForegroundRun.WorkAsync(participant, services.GetRequiredService<RunProgress>(), run, output, ct);
        if (run.AsOf is not null && await services.GetRequiredService<RunProgress>().ReadAsOfAsync(run.Id, ct) is { } asOf)
            output.Line(Describe(asOf));
        return code;
    }

    private static async Task<int> DryRunAsync(
        IServiceProvider services,
        CommandOutput output,
        string market,
        DateOnly? date,
        CancellationToken ct
    )
    {
        DryRunComparison report;
        try
        {
            report = await services.GetRequiredService<DryRun>().RunAsync(market, date, ct);
        }
        catch (RequestException exception)
        {
            throw new CommandException($"--{exception.Field}: {exception.Message}", exception);
        }
        catch (NoMarketValuesException exception)
        {
            throw new CommandException(exception.Message, exception, CommandLine.Failed);
        }
        var run = report.Run;
        output.Line($"Dry run of {run.Market} for {run.BusinessDate:yyyy-MM-dd}, as revision {run.Revision}; nothing is stored.");
        output.Line($"{Plural.Of(report.Computed, "user")} computed, {report.Failed:N0} failed.");
        output.Line(
            $"{Plural.Of(report.Differing, "result")} would differ from the current {(report.Differing == 1 ? "one" : "ones")}; "
                + $"without a current one: {report.WithoutCurrent:N0}."
        );
        foreach (var one in report.Largest)
            output.Line(string.Create(CultureInfo.InvariantCulture, $"  {one.UserId}  {100 * one.Share, 6:F2} % of the contribution"));
        return CommandLine.CodeOf(report.Failed == 0, report.Computed > 0);
    }

    private static string Describe(AsOfMetrics asOf)
    {
        var then = $"{asOf.Due.UtcDateTime:yyyy-MM-dd HH:mm}Z";
        if (asOf.SnapshotOf is { } run)
        {
            var captured = Plural.Of(asOf.PortfoliosCaptured, "user");
            return $"As of {then}: the market snapshot of run {run}, and portfolios as they were captured then ({captured}); "
                + "others as they are today.";
        }
        var values =
            asOf.MarketValues == AsOfMetrics.Then ? $"those stored of {then} or before" : $"those of today, since none of {then} is stored";
        return $"That night did not run. Market values are {values}; portfolios are those of today.";
    }

    private static async Task<(PipelineRun Run, bool Started)> StartAsync(
        RunStore runs,
        string market,
        DateOnly? date,
        bool again,
        CancellationToken ct
    )
    {
        try
        {
            return await runs.StartOrJoinAsync(market, date, RunTrigger.Manual, again, Actor.Command, ct);
        }
        catch (RequestException exception)
        {
            throw new CommandException($"--{exception.Field}: {exception.Message}", exception);
        }
    }
}
