using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Overnight.Core;
using Overnight.Jobs.Proof;

namespace Overnight.Jobs.Commands;

/// <summary><c>replay [--user U] [--run R | --latest] [--sample N]</c>: past calculations, computed again.</summary>
internal static class ReplayCommand
{
    /// <summary>Differences that are printed one by one; the rest is counted.</summary>
    private const int Printed = 100;

    public static Command Create()
    {
        Option<Guid?> user = new("--user") { Description = "Only this user's calculations." };
        Option<Guid?> run = new("--run") { Description = "Only those of this run; of all finished runs when left out." };
        Option<bool> latest = new("--latest")
        {
            Description = "Only those of the newest business date: all its markets, revisions and retries.",
        };
        Option<int?> sample = new("--sample") { Description = "Only this many of them, drawn at random." };
        sample.Validators.Add(UsageErrors.AtLeast(1));
        Command command = new(
            "replay",
            "Computes stored calculations again from their captured inputs, by the rules and the writer of their time, and compares every byte with what is stored. Exit code 3 when any differs."
        )
        {
            user,
            run,
            latest,
            sample,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(run) is { Implicit: false } && result.GetValue(latest))
                result.AddError("--run and --latest exclude each other.");
        });
        command.SetWork(
            (parsed, services, output, ct) =>
                RunAsync(
                    services,
                    output,
                    new(parsed.GetValue(user), parsed.GetValue(run), parsed.GetValue(latest), parsed.GetValue(sample)),
                    ct
                )
        );
        return command;
    }

    private static async Task<int> RunAsync(
        IServiceProvider services,
        CommandOutput output,
        ReplaySelection selection,
        CancellationToken ct
    )
    {
        StoredReplay replay = new(services.GetRequiredService<NpgsqlDataSource>());
        var printed = 0;
        var isThere = await replay.RunAsync(
            selection,
            difference =>
            {
                if (printed++ < Printed)
                    output.Line($"{difference}.");
                output.Progress($"Replayed {Plural.Of(replay.Replayed, "calculation")}, {replay.Differing:N0} differ.");
            },
            ct
        );
        if (!isThere && selection.Run is { } run)
            throw new CommandException($"--run: there is no finished run {run} that computed users.");
        if (printed > Printed)
            output.Line($"... and {printed - Printed:N0} more differences.");
        output.Line(
            $"Replayed {Plural.Of(replay.Replayed, "calculation")} of {Plural.Of(replay.RunCount, "run")}: {replay.Differing:N0} {(replay.Differing == 1 ? "differs" : "differ")}."
        );
        return replay.Differing == 0 ? CommandLine.Success : CommandLine.Failed;
    }
}
