using System.CommandLine;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Overnight.Auditor;
using Overnight.Core;
using Overnight.Core.Caching;
using Overnight.Core.Doctor;

namespace Overnight.Jobs.Commands;

/// <summary><c>doctor [--audit]</c>: what is stuck, since when, and what to do; and whether what is stored is right.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        Option<bool> audit = new("--audit")
        {
            Description =
                "Check stored results, events, batches, sums, the chain and cached bytes as well, apart from the code that wrote them.",
        };
        Option<int> limit = new("--limit")
        {
            Description = "Seconds after which the audit stops and says what it left out, newest runs first.",
            DefaultValueFactory = _ => 600,
        };
        limit.Validators.Add(UsageErrors.AtLeast(1));
        Command command = new(
            "doctor",
            "Names what is stuck or broken (runs, batches, sessions, users, the cache), since when, and what to do. Exit code 3 when there is anything, 2 when nothing was found and an audit did not look at everything."
        )
        {
            audit,
            limit,
        };
        command.SetWork(
            async (parsed, services, output, ct) =>
            {
                DoctorReport doctor = new(
                    services.GetRequiredService<NpgsqlDataSource>(),
                    services.GetRequiredService<CacheCircuit>().IsAbsent ? null : new(services.GetRequiredService<CacheStore>),
                    services.GetRequiredService<TimeProvider>()
                );
                var findings = await doctor.FindAsync(ct);
                foreach (var finding in findings)
                {
                    output.Line(finding.What);
                    if (finding.Since is { } since)
                        output.Line($"  since {since.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC");
                    output.Line($"  {finding.Advice}");
                }
                if (findings.Count == 0)
                    output.Line("Nothing is stuck.");
                var audited = parsed.GetValue(audit)
                    ? await AuditAsync(services, output, TimeSpan.FromSeconds(parsed.GetValue(limit)), ct)
                    : null;
                return findings.Count > 0 || audited is { Count: > 0 } ? CommandLine.Failed
                    : audited is { IsWhole: false } ? CommandLine.Partial
                    : CommandLine.Success;
            },
            builder => builder.Services.AddCaching()
        );
        return command;
    }

    private static async Task<AuditReport> AuditAsync(IServiceProvider services, CommandOutput output, TimeSpan limit, CancellationToken ct)
    {
        var cache = services.GetRequiredService<IConfiguration>().GetConnectionString(CacheConnection.Name);
        var report = await DatabaseAudit.RunAsync(
            services.GetRequiredService<NpgsqlDataSource>(),
            new(limit, string.IsNullOrWhiteSpace(cache) ? null : cache),
            ct
        );
        foreach (var finding in report.Findings)
            output.Line($"{finding}");
        if (report.Count > report.Findings.Count)
            output.Line($"... and {report.Count - report.Findings.Count:N0} more.");
        if (report.NotReached.Count > 0)
            output.Line(
                $"The time limit came first: {Plural.Of(report.RunsLeft, "run")} not audited. Not looked at to the end: {string.Join(", ", report.NotReached)}."
            );
        if (report.RunsBelowTheHorizon > 0)
            output.Line($"Of days that retention drops, and so not audited: {Plural.Of(report.RunsBelowTheHorizon, "run")}.");
        if (report.CacheTrouble is { } trouble)
            output.Line($"Cached entries were not compared: {trouble}");
        output.Line(
            $"Audited {Plural.Of(report.Runs, "run")}: {Plural.Of(report.Results, "result")}, {Plural.Of(report.Events, "event")}, "
                + $"{Plural.Of(report.CacheEntries, "cached entry", "cached entries")}. "
                + (
                    report.Count > 0 ? $"{Plural.Of(report.Count, "finding")}."
                    : report.IsWhole ? "Nothing found."
                    : "Nothing found in what was looked at."
                )
        );
        return report;
    }
}
