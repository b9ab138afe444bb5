using System.CommandLine;
using Overnight.Benchmarks.Audit;
using Overnight.Benchmarks.Dashboard;
using Overnight.Benchmarks.Kill;
using Overnight.Benchmarks.Load;
using Overnight.Benchmarks.Night;
using Overnight.Benchmarks.Recovery;
using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Warm;

RootCommand root = new("Overnight's figures, each beside its limit or a rival, measured in one run on one machine.")
{
    NightCommand.Create(),
    WarmCommand.Create(),
    DashboardCommand.Create(),
    RecoveryCommand.Create(),
    AuditCommand.Create(),
    KillCommand.Create(),
    LoadCommand.Create(),
};
return await BenchmarkCommandLine.RunAsync(root, args);
