using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Overnight.Core;
using Overnight.Core.Actions;
using Overnight.Core.Market.Calendars;
using Overnight.Core.Runs;
using Overnight.Jobs.Pipeline;

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
        Command command = new(
            "run",
            "Runs a night now, or joins the one under way, and shows its progress and outcome. Exit code 0: completed; 2: partial; 3: failed."
        )
        {
            market,
            date,
            again,
        };
        command.SetWork(
            (parsed, services, output, ct) =>
                RunAsync(services, output, parsed.GetValue(market)!, Date(parsed.GetValue(date)), parsed.GetValue(again), ct),
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
                $"The night of {run.Market} for {run.BusinessDate:yyyy-MM-dd} is done (revision {run.Revision}, {run.Status}). Add --again to run revision {run.Revision + 1}."
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
        return await ForegroundRun.WorkAsync(participant, services.GetRequiredService<RunProgress>(), run, output, ct);
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
