using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;
using Overnight.Core.Notices;
using Overnight.Jobs.Notices;

namespace Overnight.Jobs.Commands;

/// <summary><c>notify test</c>: tells the webhooks a test event.</summary>
internal static class NotifyCommand
{
    public static Command Create()
    {
        Option<string?> target = new("--target") { Description = "Name of the target; all of them when left out." };
        Command test = new(
            "test",
            "Sends a test event to the configured webhooks, and shows their answers. Exit code 3 when one did not take it; it is then tried again for a day."
        )
        {
            target,
        };
        test.SetWork(
            (parsed, services, output, ct) => RunAsync(services, output, parsed.GetValue(target), ct),
            builder => builder.AddWebhooks()
        );
        return new("notify", "Tells the webhooks something.") { test };
    }

    private static async Task<int> RunAsync(IServiceProvider services, CommandOutput output, string? name, CancellationToken ct)
    {
        var targets = services.GetRequiredService<IOptions<WebhookOptions>>().Value.Targets.Keys.Order(StringComparer.Ordinal).ToList();
        if (targets.Count == 0)
            throw new CommandException("No webhook is configured: Webhooks:Targets names none (docs/operate.md, Notices).");
        if (name is not null && !targets.Contains(name))
            throw new CommandException($"--target: there is no target '{name}'. Known: {string.Join(", ", targets)}.");
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        Notice notice = new(NoticeEvents.Test, $"test/{Guid.CreateVersion7(now):N}", new { Message = "A test of Overnight's notices." });
        Guid id;
        await using (var connection = await services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync(ct))
            id = await NoticeOutbox.WriteAsync(connection, notice, name is null ? targets : [name], now, ct);
        output.Line($"Notice {WebhookClient.Id(id)}:");
        var sender = services.GetRequiredService<WebhookSender>();
        var isWhole = true;
        foreach (var target in name is null ? targets : [name])
        {
            if (await sender.SendOneAsync(target, id, ct) is not { } outcome)
            {
                output.Line($"  {target}: taken by a jobs process first; GET /api/admin/notices shows what became of it.");
                continue;
            }
            isWhole &= outcome.IsDelivered;
            output.Line(outcome.IsDelivered ? $"  {target}: delivered, {outcome.Status}" : $"  {target}: not delivered. {outcome.Error}");
        }
        return isWhole ? CommandLine.Success : CommandLine.Failed;
    }
}
