using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Overnight.Core;
using Overnight.Core.Actions;
using Overnight.Core.Market.Calendars;
using Overnight.Core.Schedules;
using Overnight.Core.Warming;

namespace Overnight.Jobs.Commands;

/// <summary><c>pause</c> and <c>resume</c>: whether a market's or a warm set's schedule starts anything.</summary>
internal static class PauseCommands
{
    public static Command Pause()
    {
        var (market, set) = Names();
        Option<string> reason = new("--reason") { Description = "Why; it is shown wherever the schedule is.", Required = true };
        Option<string?> until = new("--until")
        {
            Description = "When it goes on by itself, such as 2026-12-24T06:00Z; not before resume when left out.",
        };
        Command command = new(
            "pause",
            "Pauses the schedule of a market or a warm set. What is started by hand, a cold start or a deployment goes on."
        )
        {
            market,
            set,
            reason,
            until,
        };
        command.SetWork(
            (parsed, services, output, ct) =>
                PauseAsync(
                    services,
                    output,
                    Name(services, parsed.GetValue(market), parsed.GetValue(set)),
                    parsed.GetValue(reason)!,
                    Until(parsed.GetValue(until), services.GetRequiredService<TimeProvider>().GetUtcNow()),
                    ct
                ),
            builder => builder.Services.AddWarming()
        );
        return command;
    }

    public static Command Resume()
    {
        var (market, set) = Names();
        Command command = new("resume", "Lets a paused schedule go on; a night that was due meanwhile is caught up until its market opens.")
        {
            market,
            set,
        };
        command.SetWork(
            (parsed, services, output, ct) =>
                ResumeAsync(services, output, Name(services, parsed.GetValue(market), parsed.GetValue(set)), ct),
            builder => builder.Services.AddWarming()
        );
        return command;
    }

    private static async Task<int> PauseAsync(
        IServiceProvider services,
        CommandOutput output,
        (ScheduleKind Kind, string Name, WarmDeclaration? Set) schedule,
        string reason,
        DateTimeOffset? until,
        CancellationToken ct
    )
    {
        if (SchedulePause.WrongReason(reason) is { } wrong)
            throw new CommandException($"--reason {wrong}.");
        var pauses = services.GetRequiredService<SchedulePauses>();
        var pause = await pauses.PauseAsync(schedule.Kind, schedule.Name, reason, until, Actor.Command, ct);
        output.Line($"The schedule of {schedule.Name} is {pause.Describe()}");
        if (schedule.Set is { } set)
            output.Line(set.PauseWarning);
        return CommandLine.Success;
    }

    private static async Task<int> ResumeAsync(
        IServiceProvider services,
        CommandOutput output,
        (ScheduleKind Kind, string Name, WarmDeclaration? Set) schedule,
        CancellationToken ct
    )
    {
        var pauses = services.GetRequiredService<SchedulePauses>();
        var ended = await pauses.ResumeAsync(schedule.Kind, schedule.Name, Actor.Command, ct);
        output.Line(
            ended is null
                ? $"The schedule of {schedule.Name} was not paused."
                : $"The schedule of {schedule.Name} goes on. It was {ended.Describe()}"
        );
        return CommandLine.Success;
    }

    private static (Option<string?> Market, Option<string?> Set) Names() =>
        (new("--market") { Description = "Code of the market." }, new("--set") { Description = "Name of the warm set." });

    private static (ScheduleKind Kind, string Name, WarmDeclaration? Set) Name(IServiceProvider services, string? market, string? set)
    {
        if (market is null == set is null)
            throw new CommandException("Name either a market (--market) or a warm set (--set).");
        try
        {
            if (market is not null)
                return (ScheduleKind.Market, services.GetRequiredService<MarketCatalog>().Get(market).Code, null);
            return (ScheduleKind.Set, set!, services.GetRequiredService<Warmer>().Find([set!])[0].Declaration);
        }
        catch (RequestException exception)
        {
            throw new CommandException($"--{exception.Field}: {exception.Message}", exception);
        }
        catch (KeyNotFoundException exception)
        {
            throw new CommandException($"--set: {exception.Message}", exception);
        }
    }

    private static DateTimeOffset? Until(string? text, DateTimeOffset now)
    {
        if (text is null)
            return null;
        if (!UtcMoment.TryRead(text, out var until))
            throw new CommandException($"--until {UtcMoment.Rule}, not '{text}'.");
        return until > now
            ? until
            : throw new CommandException(
                string.Create(CultureInfo.InvariantCulture, $"--until must be to come, and is {until.UtcDateTime:yyyy-MM-dd HH:mm}Z.")
            );
    }
}
