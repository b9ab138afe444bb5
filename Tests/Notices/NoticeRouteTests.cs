using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Overnight.Core.Notices;
using Overnight.Tests.Actions;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Input;
using Overnight.Tests.Sessions;

namespace Overnight.Tests.Notices;

/// <summary>SPEC A11: the list, sending again, the test command, and the configuration.</summary>
public sealed class NoticeRouteTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A11_List_HasEachNoticeWithItsDeliveries_AndSendsOneAgain()
    {
        await using var app = new ApiApp(await servers.CreateDatabaseAsync(Ct), await servers.CacheConnectionStringAsync(Ct));
        await using var receiver = await WebhookReceiver.StartAsync(Ct);
        var (_, token) = await app.Database.SignInAsync("admin");
        TestClock clock = new(TimeProvider.System.GetUtcNow());
        using Outbox outbox = new(app.Database, clock, receiver.Url);
        var first = await outbox.AddAsync("night/NYSE/1");
        await outbox.Sender().SendAllAsync("ops", Ct);
        await outbox.AddAsync("run/2", NoticeEvents.RunPartial);

        Assert.Equal(["run.partial waiting", "night.late delivered"], await ListAsync(""));
        Assert.Equal(["run.partial waiting"], await ListAsync("?state=waiting"));
        Assert.Equal(["night.late delivered"], await ListAsync("?event=night.late"));
        using (var wrong = await app.GetAsync("/api/admin/notices?event=party", token, Ct))
            Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);

        using (var again = await app.PostAsync($"/api/admin/notices/{first}/redeliver", token: token))
            Assert.Equal(HttpStatusCode.Accepted, again.StatusCode);
        await AdvanceAsync();
        await outbox.Sender().SendAllAsync("ops", Ct);
        Assert.Equal(2, receiver.Received.Count(one => one.Id == $"msg_{first:N}"));
        Assert.Equal(
            ("redeliver", "scheduled", $"{first}"),
            (await app.Database.ActionsAsync()).Select(row => (row.Action, row.Outcome, row.Target)).Single()
        );
        using (var missing = await app.PostAsync($"/api/admin/notices/{Guid.NewGuid()}/redeliver", token: token))
            Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);

        // The row has the clock of the api.
        async Task AdvanceAsync()
        {
            await using var command = app.Database.CreateCommand("select max(next_at) from notice_deliveries where state = 'waiting'");
            clock.SetUtcNow(new DateTimeOffset((DateTime)(await command.ExecuteScalarAsync(Ct))!).AddSeconds(1));
        }

        async Task<IEnumerable<string>> ListAsync(string query)
        {
            using var answer = await app.GetAsync($"/api/admin/notices{query}", token, Ct);
            return
            [
                .. (await answer.JsonAsync())
                    .GetProperty("items")
                    .EnumerateArray()
                    .Select(item =>
                        $"{item.GetProperty("event").GetString()} {item.GetProperty("deliveries")[0].GetProperty("state").GetString()}"
                    ),
            ];
        }
    }

    [Fact]
    public async Task A11_SendingAgain_IsToOneTarget_AndRefusedWhereThereIsNone()
    {
        await using var app = new ApiApp(await servers.CreateDatabaseAsync(Ct), await servers.CacheConnectionStringAsync(Ct));
        await using var receiver = await WebhookReceiver.StartAsync(Ct);
        var (_, token) = await app.Database.SignInAsync("admin");
        using Outbox outbox = new(app.Database, new(TimeProvider.System.GetUtcNow()), receiver.Url);
        outbox.Options.Targets["pager"] = outbox.Options.Targets["ops"];
        var both = await outbox.AddAsync("night/NYSE/1");
        await outbox.Sender().SendAllAsync("ops", Ct);
        await outbox.Sender().SendAllAsync("pager", Ct);
        outbox.Options.Targets.Clear();
        var nobody = await outbox.AddAsync("night/NYSE/2");

        Assert.Equal((HttpStatusCode.Accepted, ""), await AgainAsync(both, "?target=pager"));
        Assert.Equal("ops delivered, pager waiting", await TargetsAsync());
        Assert.Equal(
            (HttpStatusCode.Conflict, $"target: notice {both} was not written for 'x\0y'. Its targets: ops, pager."),
            await AgainAsync(both, "?target=x%00y")
        );
        Assert.Equal("ops delivered, pager waiting", await TargetsAsync());
        Assert.Equal(
            (HttpStatusCode.Conflict, $"Notice {nobody} was written for no target, since none wanted night.late then."),
            await AgainAsync(nobody, "")
        );
        Assert.Equal(["scheduled", "no_target", "no_target"], (await app.Database.ActionsAsync()).Select(row => row.Outcome));

        async Task<(HttpStatusCode, string)> AgainAsync(Guid notice, string query)
        {
            using var answer = await app.PostAsync($"/api/admin/notices/{notice}/redeliver{query}", token: token);
            var body = await answer.JsonAsync();
            return (answer.StatusCode, body.TryGetProperty("detail", out var detail) ? detail.GetString()! : "");
        }

        async Task<string> TargetsAsync()
        {
            await using var command = app.Database.CreateCommand(
                "select string_agg(target || ' ' || state, ', ' order by target) from notice_deliveries"
            );
            return (string)(await command.ExecuteScalarAsync(Ct))!;
        }
    }

    [Fact]
    public async Task A11_SendingAgain_WhileAnAttemptIsUnderWay_IsNotLost()
    {
        await using var app = new ApiApp(await servers.CreateDatabaseAsync(Ct), await servers.CacheConnectionStringAsync(Ct));
        await using var receiver = await WebhookReceiver.StartAsync(Ct);
        var (_, token) = await app.Database.SignInAsync("admin");
        using Outbox outbox = new(app.Database, new(TimeProvider.System.GetUtcNow().AddMinutes(1)), receiver.Url);
        var notice = await outbox.AddAsync("night/NYSE/1");
        TaskCompletionSource answer = new();
        receiver.Hold = answer.Task;
        var underWay = outbox.Sender().SendOneAsync("ops", null, Ct);
        await Eventually.TrueAsync(() => receiver.Received.Count == 1, "an attempt is under way");

        using (var again = await app.PostAsync($"/api/admin/notices/{notice}/redeliver", token: token))
            Assert.Equal(HttpStatusCode.Accepted, again.StatusCode);
        answer.SetResult();
        Assert.True((await underWay)!.Value.IsDelivered);

        Assert.Equal("night.late waiting 0", await outbox.StatesAsync());
    }

    [Fact]
    public async Task A11_TestCommand_ShowsWhatTheTargetAnswered()
    {
        var database = await servers.CreateDatabaseAsync(Ct);
        await using var receiver = await WebhookReceiver.StartAsync(Ct);
        Dictionary<string, string> settings = new()
        {
            ["Webhooks__Targets__ops__Url"] = receiver.Url,
            ["Webhooks__Targets__ops__Secret"] = Outbox.Secret,
            ["Webhooks__Targets__ops__AllowPrivateAddresses"] = "true",
        };

        var told = await JobsCommand.RunAsync(servers, database, ["notify", "test"], null, null, Ct, settings: settings);
        Assert.Equal((0, ""), (told.ExitCode, told.Error));
        Assert.Contains("ops: delivered, 204", told.Output);
        WebhookTests.AssertSigned(Assert.Single(receiver.Received));
        receiver.Answer = HttpStatusCode.Gone;
        var failed = await JobsCommand.RunAsync(servers, database, ["notify", "test"], null, null, Ct, settings: settings);
        Assert.Equal(3, failed.ExitCode);
        Assert.Contains("ops: not delivered. It answered 410.", failed.Output);
        var none = await JobsCommand.RunAsync(servers, database, Ct, "notify", "test");
        Assert.Equal(
            (1, "No webhook is configured: Webhooks:Targets names none (docs/operate.md, Notices)."),
            (none.ExitCode, none.Error.Trim())
        );
    }

    [Theory]
    [InlineData("Url", "http://hooks.example", "Webhooks:Targets:ops:Url must be an address with https")]
    [InlineData("Url", "https://me:secret@hooks.example", "Webhooks:Targets:ops:Url must be an address with https")]
    [InlineData("Secret", "hunter2", "Webhooks:Targets:ops:Secret must be whsec_ and 24 to 64 bytes in base64")]
    [InlineData("SecretFile", "/nowhere/secret", "Webhooks:Targets:ops:SecretFile must be a file that is there, and is /nowhere/secret.")]
    [InlineData("Events:0", "party", "Webhooks:Targets:ops:Events:0 must be one of run.failed")]
    [InlineData("Event:0", "run.failed", "Webhooks:Targets:ops:Event is not known")]
    public void A11_TargetConfiguredWrongly_IsRefusedWithKeyAndBound(string key, string value, string message)
    {
        Dictionary<string, string?> settings = new()
        {
            ["Webhooks:Targets:ops:Url"] = "https://hooks.example/secret-path",
            ["Webhooks:Targets:ops:Secret"] = Outbox.Secret,
            [$"Webhooks:Targets:ops:{key}"] = value,
        };
        using var services = new ServiceCollection()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings).Build())
            .AddNotices()
            .BuildServiceProvider();

        var exception = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IOptions<WebhookOptions>>().Value);

        var failures = string.Join('\n', exception.Failures);
        Assert.Contains(message, failures, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", failures, StringComparison.Ordinal);
        Assert.DoesNotContain("me:secret", failures, StringComparison.Ordinal);
    }
}
