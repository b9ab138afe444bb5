using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Overnight.Core;
using Overnight.Jobs.Proof;

namespace Overnight.Jobs.Commands;

/// <summary>
/// <c>verify [--run R | --all]</c>: what is stored, against the chain; <c>verify --receipt FILE [--root HEX]</c>: a receipt, without a
/// database.
/// </summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        Option<Guid?> run = new("--run")
        {
            Description =
                "Id of the run to check, in the time that one run takes; all runs when left out. The chain is checked whole either way.",
        };
        Option<bool> all = new("--all") { Description = "All runs and all criteria versions, as when --run is left out." };
        Option<FileInfo?> receipt = new("--receipt") { Description = "A receipt to check instead; needs no database." };
        Option<string?> root = new("--root") { Description = "The published root that the receipt must lead to, in hexadecimal." };
        Command command = new(
            "verify",
            "Checks that results, events, market snapshots and criteria are as they were when their run was sealed, and that the chain of seals is whole. Names every fault. Exit code 3 when there is any."
        )
        {
            run,
            all,
            receipt,
            root,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(run) is { Implicit: false } && result.GetValue(all))
                result.AddError("--run and --all exclude each other.");
            if (result.GetValue(receipt) is not null && (result.GetResult(run) is { Implicit: false } || result.GetValue(all)))
                result.AddError("--receipt excludes --run and --all.");
            if (result.GetValue(root) is not null && result.GetValue(receipt) is null)
                result.AddError("--root needs --receipt.");
        });
        command.SetAction(
            (parsed, ct) =>
                parsed.GetValue(receipt) is { } file
                    ? ReceiptCheck.RunAsync(file, parsed.GetValue(root), parsed.InvocationConfiguration.Output, ct)
                    : CommandServices.RunAsync(
                        parsed,
                        (services, output, token) => RunAsync(services, output, parsed.GetValue(run), token),
                        ct
                    )
        );
        return command;
    }

    private static async Task<int> RunAsync(IServiceProvider services, CommandOutput output, Guid? run, CancellationToken ct)
    {
        await using var connection = await services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync(ct);
        var report = await new ProofVerifier(connection).VerifyAsync(
            run,
            output.Progress<VerificationReport>(seen => $"Verified {Seen(seen)}"),
            ct
        ) ?? throw new CommandException($"--run: there is no run {run} that computed users.");
        foreach (var fault in report.Faults)
            output.Line($"{fault.Kind}: {fault.What}");
        if (report.FaultCount > report.Faults.Count)
            output.Line($"... and {report.FaultCount - report.Faults.Count:N0} more.");
        output.Line($"Verified {Seen(report)}");
        if (report.BeforeTheChain > 0)
            output.Line($"Before the chain began, and not proven by it: {Plural.Of(report.BeforeTheChain, "run")}.");
        if (report.BelowTheHorizon > 0)
            output.Line($"Below the retention horizon, by the chain alone: {Plural.Of(report.BelowTheHorizon, "seal")}.");
        if (report.Unfinished > 0)
            output.Line($"Not finished, and so not sealed yet: {Plural.Of(report.Unfinished, "run")}.");
        if (report.Erased > 0)
            output.Line($"Erased with their users, and kept as leaves: {Plural.Of(report.Erased, "calculation")}.");
        if (report.OpenErasures > 0)
            output.Line($"Not completed yet: {Plural.Of(report.OpenErasures, "erasure")}.");
        if (report.Unplanned > 0)
            output.Line($"Ended before they were planned, and so not sealed: {Plural.Of(report.Unplanned, "run")}.");
        if (run is not null)
            output.Line("Left to --all: rows that name another day than their run's, and criteria that no result names.");
        output.Line(report.FaultCount == 0 ? "Everything is as it was sealed." : $"{Plural.Of(report.FaultCount, "fault")}.");
        return report.FaultCount == 0 ? CommandLine.Success : CommandLine.Failed;
    }

    private static string Seen(VerificationReport report) =>
        $"{Plural.Of(report.Runs, "run")}, {Plural.Of(report.Calculations, "calculation")}, {Plural.Of(report.Seals, "seal")}.";
}
