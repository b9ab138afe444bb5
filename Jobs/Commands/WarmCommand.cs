using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;
using Overnight.Core;
using Overnight.Core.Actions;
using Overnight.Core.Reference;
using Overnight.Core.Warming;

namespace Overnight.Jobs.Commands;

/// <summary><c>warm [SET...]</c>: warms sets at the request of an operator or a deployment.</summary>
internal static class WarmCommand
{
    public static Command Create()
    {
        Argument<string[]> sets = new("SET")
        {
            Description = "Names of warm sets; all of them when left out.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Option<int?> count = new("--count") { Description = "The most entries of each set." };
        Option<Guid?> tenant = new("--tenant") { Description = "Only this tenant, of sets that are per tenant." };
        Option<bool> estimate = new("--estimate") { Description = "Say how many entries each set has, and write none." };
        Option<string> trigger = new("--trigger")
        {
            Description =
                "manual or deployment; with deployment a failure is only printed and the exit code is 0, so that a deployment goes on.",
            DefaultValueFactory = _ => "manual",
        };
        Option<bool> strict = new("--strict") { Description = "Exits with the code of a failure also with --trigger deployment." };
        var prove = WarmComparisonCommand.CreateOption();
        count.Validators.Add(UsageErrors.AtLeast(1));
        trigger.AcceptOnlyFromAmong("manual", "deployment");
        Command command = new(
            "warm",
            "Puts what PostgreSQL has into the cache, and shows progress and outcome. What another process is warming is left to it. "
                + "Exit code 0: all of it is warm; 2: some failed, or the time limit came first; 3: all of it failed."
        )
        {
            sets,
            count,
            tenant,
            estimate,
            trigger,
            strict,
            prove,
        };
        command.Validators.Add(result => WarmComparisonCommand.Validate(result, prove, count, sets, tenant, estimate, trigger, strict));
        command.SetAction(
            async (parsed, ct) =>
            {
                if (parsed.GetValue(prove))
                {
                    return await CommandServices.RunAsync(
                        parsed,
                        (services, output, token) => WarmComparisonCommand.RunAsync(services, output, parsed.GetValue(count), token),
                        ct,
                        builder =>
                        {
                            builder.AddWarmComparison();
                            builder.Services.AddWarming();
                        }
                    );
                }
                var isDeployment = parsed.GetValue(trigger) == "deployment";
                WarmRequest request = new(
                    isDeployment ? WarmTrigger.Deployment : WarmTrigger.Manual,
                    parsed.GetValue(count),
                    parsed.GetValue(tenant)
                );
                try
                {
                    var code = await CommandServices.RunAsync(
                        parsed,
                        (services, output, token) =>
                            parsed.GetValue(estimate)
                                ? EstimateAsync(services, output, parsed.GetValue(sets)!, request, token)
                                : WarmAsync(services, output, parsed.GetValue(sets)!, request, token),
                        ct,
                        builder => builder.Services.AddWarming()
                    );
                    return isDeployment && !parsed.GetValue(strict) ? CommandLine.Success : code;
                }
                catch (Exception exception) when (isDeployment && !parsed.GetValue(strict) && !ct.IsCancellationRequested)
                {
                    // A deployment goes on with a cold cache, whatever failed here.
                    await parsed.InvocationConfiguration.Error.WriteLineAsync(
                        $"Not warmed: {CommandLine.Explain(exception) ?? exception.Message}"
                    );
                    return CommandLine.Success;
                }
            }
        );
        return command;
    }

    private static async Task<int> WarmAsync(
        IServiceProvider services,
        CommandOutput output,
        string[] names,
        WarmRequest request,
        CancellationToken ct
    )
    {
        await CommandServices.RequireCacheAsync(services);
        var warmer = services.GetRequiredService<Warmer>();
        var sets = await FindAsync(services, names, request, ct);
        if (request.Trigger == WarmTrigger.Deployment && names.Length == 0)
            sets = [.. sets.Where(set => set.Declaration.IsAutomatic)];
        var own = services.GetRequiredService<ConfiguredWarmSets>();
        if (own.Off.Count > 0)
            output.Line($"Off: {string.Join(", ", own.Off)}. {own.WhyOff}");
        await own.CheckAsync(ct);
        if (request.Trigger == WarmTrigger.Deployment)
            request = request with { TimeLimit = services.GetRequiredService<IOptions<WarmingOptions>>().Value.DeploymentLimit };
        request = await LogAsync(services, sets, request, ct);

        var report = await warmer.WarmAsync(
            sets,
            request,
            output.Progress<WarmSetProgress>(progress =>
                $"{progress.Set}: {progress.Warmed:N0} warmed{(progress.Failed > 0 ? $", {progress.Failed:N0} failed" : "")} .."
            ),
            ct
        );
        foreach (var set in report.Sets)
            output.Line(WarmSummary.Describe(set));
        output.Line($"{Plural.Of(report.Warmed, "entry", "entries")} in {report.Duration.TotalMilliseconds:N0} ms.");
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        output.Line(await WarmSummary.HitRateAsync(sets, report, request, now, ct));
        return CommandLine.CodeOf(report.IsWhole, report.Sets.Any(set => set.Status != WarmStatus.Failed));
    }

    private static async Task<WarmRequest> LogAsync(
        IServiceProvider services,
        IReadOnlyList<WarmSet> sets,
        WarmRequest request,
        CancellationToken ct
    )
    {
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        request = request with { CorrelationId = Guid.CreateVersion7(now) };
        await ActionLog.WriteAsync(services.GetRequiredService<NpgsqlDataSource>(), request.Logged(Actor.Command, sets), now, ct);
        return request;
    }

    private static async Task<int> EstimateAsync(
        IServiceProvider services,
        CommandOutput output,
        string[] names,
        WarmRequest request,
        CancellationToken ct
    )
    {
        await CommandServices.RequireCacheAsync(services);
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        var all = 0L;
        foreach (var set in await FindAsync(services, names, request, ct))
        {
            var entries = await set.EstimateAsync(new(request.Count ?? set.Declaration.Limit, request.Tenant, null, now), ct);
            all += entries;
            output.Line(
                $"{set.Name}: {Plural.Of(entries, "entry", "entries")}, phase {(int)set.Declaration.Phase}, {set.Declaration.Key}, {set.Declaration.Ttl.TotalSeconds:N0} s"
            );
        }
        output.Line($"{Plural.Of(all, "entry", "entries")}; nothing was written.");
        return CommandLine.Success;
    }

    private static async Task<IReadOnlyList<WarmSet>> FindAsync(
        IServiceProvider services,
        string[] names,
        WarmRequest request,
        CancellationToken ct
    )
    {
        try
        {
            var sets = services.GetRequiredService<Warmer>().Find(names.Length == 0 ? null : names, request.Tenant);
            if (request.Tenant is { } tenant && !await services.GetRequiredService<TenantDirectory>().ContainsAsync(tenant, ct))
                throw new CommandException($"--tenant: there is no tenant {tenant:D}.");
            return sets;
        }
        catch (KeyNotFoundException unknown)
        {
            throw new CommandException($"SET: {unknown.Message}", unknown);
        }
    }
}
