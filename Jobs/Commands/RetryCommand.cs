using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Overnight.Core;
using Overnight.Core.Actions;
using Overnight.Core.Runs;
using Overnight.Jobs.Pipeline;

namespace Overnight.Jobs.Commands;

/// <summary><c>retry RUN</c>: computes again what failed in a run.</summary>
internal static class RetryCommand
{
    public static Command Create()
    {
        Argument<Guid> run = new("RUN") { Description = "Id of a finished run, as jobs run and GET /api/runs show it." };
        Command command = new(
            "retry",
            "Computes again only the users that failed in a run, quarantined ones included, as the next revision of its night. Exit code 0: completed; 2: partial; 3: failed."
        )
        {
            run,
        };
        command.SetWork(
            (parsed, services, output, ct) => RunAsync(services, output, parsed.GetValue(run), ct),
            builder => builder.AddPipeline()
        );
        return command;
    }

    private static async Task<int> RunAsync(IServiceProvider services, CommandOutput output, Guid runId, CancellationToken ct)
    {
        var participant = services.GetRequiredService<RunParticipant>();
        PipelineRun? run;
        try
        {
            run = await services.GetRequiredService<RunRetry>().StartAsync(runId, Actor.Command, ct);
        }
        catch (RequestException exception)
        {
            throw new CommandException($"RUN: {exception.Message}", exception);
        }
        if (run is null)
        {
            output.Line($"Nothing of run {runId} failed: there is nothing to retry.");
            return CommandLine.Success;
        }
        output.Line(
            $"Started run {run.Id}: what failed in {runId}, as revision {run.Revision} of {run.Market}, {run.BusinessDate:yyyy-MM-dd}."
        );
        return await ForegroundRun.WorkAsync(participant, services.GetRequiredService<RunProgress>(), run, output, ct);
    }
}
