using System.CommandLine;
using Microsoft.Extensions.Hosting;
using Overnight.Jobs;
using Overnight.Jobs.Commands;
using Overnight.Jobs.Demo;
using Overnight.Jobs.Erasures;
using Overnight.Jobs.Migrations;
using Overnight.Jobs.Notices;
using Overnight.Jobs.Pipeline;
using Overnight.Jobs.Proof;
using Overnight.Jobs.Retention;
using Overnight.Jobs.Scheduling;
using Overnight.Jobs.Warming;

RootCommand root = new("Overnight's night work. Without a command it runs as the service that waits for the schedule.")
{
    MigrateCommand.Create(),
    ImportCommand.Create(),
    SeedCommand.Create(),
    RunCommand.Create(),
    RetryCommand.Create(),
    RehearseCommand.Create(),
    WhyCommand.Create(),
    DoctorCommand.Create(),
    VerifyCommand.Create(),
    ReplayCommand.Create(),
    ScheduleCommand.Create(),
    PauseCommands.Pause(),
    PauseCommands.Resume(),
    NotifyCommand.Create(),
    CalculateCommand.Create(),
    RetentionCommand.Create(),
    WarmCommand.Create(),
    CacheCommand.Create(),
    UserCommand.Create(),
    EraseCommand.Create(),
    TokenCommand.Create(),
};
root.SetAction(
    async (_, ct) =>
    {
        var builder = JobsBuilder.Create(args);
        builder.AddMigrationAtStart();
        builder.AddDemoSessions();
        builder.AddPipeline();
        builder.AddScheduling();
        builder.AddRunLoop();
        builder.AddRetentionLoop();
        builder.AddCacheTruthLoop();
        builder.AddWarmLoop();
        builder.AddErasureLoop();
        builder.AddWebhookLoop();
        using var host = builder.Build();
        host.ValidateConfiguration();
        await host.RunAsync(ct);
    }
);
return await CommandLine.RunAsync(root, args);
