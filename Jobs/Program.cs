using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Overnight.Core.Runs;
using Overnight.Jobs.Pipeline;
using StackExchange.Redis;

var builder = Host.CreateApplicationBuilder(args);
builder.Services.AddSingleton(NpgsqlDataSource.Create(args[0]));
builder.Services.AddSingleton<IConnectionMultiplexer>(ConnectionMultiplexer.Connect("127.0.0.1:6399"));
builder.AddPipeline();
var host = builder.Build();
var runs = host.Services.GetRequiredService<RunStore>();
for (var i = 0; i < 3; i++) {
var (run, started) = await runs.StartOrJoinAsync("NYSE", null, RunTrigger.Manual, true, default);
var sw = System.Diagnostics.Stopwatch.StartNew();
await host.Services.GetRequiredService<Night>().WorkAsync(run, default);
Console.WriteLine($"{sw.Elapsed.TotalSeconds:F2} s {20000/sw.Elapsed.TotalSeconds:F0} u/s; {Environment.WorkingSet>>20} MB");
}
