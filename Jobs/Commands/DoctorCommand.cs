using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Overnight.Core.Caching;
using Overnight.Core.Doctor;

namespace Overnight.Jobs.Commands;

/// <summary><c>doctor</c>: what is stuck, since when, and what to do.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        Command command = new(
            "doctor",
            "Names what is stuck or broken (runs, batches, sessions, users, the cache), since when, and what to do. Exit code 3 when there is anything."
        );
        command.SetWork(
            async (_, services, output, ct) =>
            {
                DoctorReport doctor = new(
                    services.GetRequiredService<NpgsqlDataSource>(),
                    new(services.GetRequiredService<CacheStore>),
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
                return findings.Count == 0 ? CommandLine.Success : CommandLine.Failed;
            },
            builder => builder.Services.AddCaching()
        );
        return command;
    }
}
