using System.CommandLine;
using Overnight.Benchmarks.Audit;
using Overnight.Benchmarks.Dashboard;
using Overnight.Benchmarks.Explanations;
using Overnight.Benchmarks.Hashing;
using Overnight.Benchmarks.Kill;
using Overnight.Benchmarks.Load;
using Overnight.Benchmarks.Pages;
using Overnight.Benchmarks.Pipeline;
using Overnight.Benchmarks.Recovery;
using Overnight.Benchmarks.Replay;
using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Warm;

RootCommand root = new("Overnight's figures, each beside its limit or a rival, measured in one run on one machine.")
{
    RunBenchmarkCommand.Create(),
    WarmBenchmarkCommand.Create(),
    DashboardBenchmarkCommand.Create(),
    RecoveryBenchmarkCommand.Create(),
    AuditBenchmarkCommand.Create(),
    WhatIfBenchmarkCommand.Create(),
    ReplayBenchmarkCommand.Create(),
    HashingBenchmarkCommand.Create(),
    PagesBenchmarkCommand.Create(),
    ContactSheetCommand.Create(),
    KillBenchmarkCommand.Create(),
    LoadBenchmarkCommand.Create(),
};
return await BenchmarkCommandLine.RunAsync(root, args);
