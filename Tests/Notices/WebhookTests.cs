using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Npgsql;
using Overnight.Core.Notices;
using Overnight.Jobs.Notices;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Notices;

/// <summary>SPEC A11: the outbox, and a webhook at this machine that it is sent to.</summary>
public sealed class WebhookTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A11_TargetThatIsDown_IsToldLaterWithTheSameIdAndAValidSignature()
    {
        await using var database = NpgsqlDataSource.Create(await servers.CreateDatabaseAsync(Ct));
        await using var receiver = await WebhookReceiver.StartAsync(Ct);
        TestClock clock = new();
        using Outbox outbox = new(database, clock, receiver.Url);
        var id = await outbox.AddAsync("night/NYSE/2026-11-20");
        var sender = outbox.Sender();

        receiver.Answer = HttpStatusCode.ServiceUnavailable;
        await sender.SendAllAsync("ops", Ct);
        await sender.SendAllAsync("ops", Ct); // not due again yet
        Assert.Equal("night.late waiting 1", await outbox.StatesAsync());
        clock.Advance(TimeSpan.FromSeconds(29));
        await sender.SendAllAsync("ops", Ct);
        Assert.Single(receiver.Received);
        receiver.Answer = HttpStatusCode.NoContent;
        clock.Advance(TimeSpan.FromSeconds(1));
        await sender.SendAllAsync("ops", Ct);

        Assert.Equal("night.late delivered 2", await outbox.StatesAsync());
        Assert.Equal([$"msg_{id:N}", $"msg_{id:N}"], receiver.Received.Select(one => one.Id));
        Assert.All(receiver.Received, AssertSigned);
        var body = JsonElement.Parse(receiver.Received.Last().Body);
        Assert.Equal(
            ("night.late", "night/NYSE/2026-11-20"),
            (body.GetProperty("type").GetString(), body.GetProperty("data").GetProperty("subject").GetString())
        );
        Assert.True(body.TryGetProperty("timestamp", out _));
    }

    [Fact]
    public async Task A11_SenderKilledBetweenSendingAndMarking_SendsTheSameIdAgain()
    {
        await using var database = NpgsqlDataSource.Create(await servers.CreateDatabaseAsync(Ct));
        await using var receiver = await WebhookReceiver.StartAsync(Ct);
        TestClock clock = new();
        using Outbox outbox = new(database, clock, receiver.Url);
        await outbox.AddAsync("night/NYSE/2026-11-20");

        // What a sender does before it is killed.
        var claimed = (await outbox.Sender().ClaimAsync("ops", null, Ct))!;
        Assert.True((await outbox.Client.SendAsync(claimed.Target, claimed.Notice, claimed.Body, Ct)).IsDelivered);
        await outbox.Sender().SendAllAsync("ops", Ct);
        Assert.Single(receiver.Received);
        clock.Advance(TimeSpan.FromSeconds(30));
        await outbox.Sender().SendAllAsync("ops", Ct);

        Assert.Equal("night.late delivered 2", await outbox.StatesAsync());
        Assert.Single(receiver.Received.Select(one => (one.Id, one.Body)).Distinct());
        Assert.Equal(2, receiver.Received.Count);
    }

    [Fact]
    public async Task A11_TwoSendersAtOnce_SendEachNoticeOnce()
    {
        await using var database = NpgsqlDataSource.Create(await servers.CreateDatabaseAsync(Ct));
        await using var receiver = await WebhookReceiver.StartAsync(Ct);
        using Outbox outbox = new(database, new(), receiver.Url);
        for (var i = 0; i < 30; i++)
            await outbox.AddAsync($"night/NYSE/{i}");

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => outbox.Sender().SendAllAsync("ops", Ct)));
        await outbox.Sender().SendAllAsync("ops", Ct);

        Assert.Equal((30, 30), (receiver.Received.Count, receiver.Received.Select(one => one.Id).Distinct().Count()));
    }

    [Fact]
    public async Task A11_NoticesOfASubject_KeepTheirOrder_AndOthersGoOn()
    {
        await using var database = NpgsqlDataSource.Create(await servers.CreateDatabaseAsync(Ct));
        await using var receiver = await WebhookReceiver.StartAsync(Ct);
        TestClock clock = new();
        using Outbox outbox = new(database, clock, receiver.Url);
        await outbox.AddAsync("night/NYSE/1", NoticeEvents.NightAtRisk);
        receiver.Answer = HttpStatusCode.ServiceUnavailable;
        await outbox.Sender().SendAllAsync("ops", Ct);
        receiver.Answer = HttpStatusCode.NoContent;
        await outbox.AddAsync("night/NYSE/1", NoticeEvents.NightLate);
        await outbox.AddAsync("night/LSE/1", NoticeEvents.NightMissed);

        await outbox.Sender().SendAllAsync("ops", Ct);
        Assert.Equal("night.at_risk waiting 1, night.late waiting 0, night.missed delivered 1", await outbox.StatesAsync());
        clock.Advance(TimeSpan.FromMinutes(1));
        await outbox.Sender().SendAllAsync("ops", Ct);

        Assert.Equal(
            ["night.at_risk", "night.missed", "night.at_risk", "night.late"],
            receiver.Received.Select(one => JsonElement.Parse(one.Body).GetProperty("type").GetString())
        );
    }

    [Fact]
    public async Task A11_TargetThatDoesNotAnswer_HoldsUpNoOther()
    {
        await using var database = NpgsqlDataSource.Create(await servers.CreateDatabaseAsync(Ct));
        await using var dead = await WebhookReceiver.StartAsync(Ct);
        await using var receiver = await WebhookReceiver.StartAsync(Ct);
        TaskCompletionSource answer = new();
        dead.Hold = answer.Task;
        using Outbox outbox = new(database, new(), dead.Url);
        outbox.Options.Targets["pager"] = new()
        {
            Url = receiver.Url,
            Secret = Outbox.Secret,
            AllowPrivateAddresses = true,
        };
        (outbox.Options.Timeout, outbox.Options.PollInterval) = (TimeSpan.FromMinutes(5), TimeSpan.FromMilliseconds(100));
        await outbox.AddAsync("night/NYSE/1");
        await outbox.AddAsync("night/NYSE/2");
        using var loop = outbox.Loop();
        await loop.StartAsync(Ct);
        await Eventually.TrueAsync(() => dead.Received.Count == 1 && receiver.Received.Count == 2, "the other target is told both");
        await outbox.AddAsync("night/NYSE/3");
        await Eventually.TrueAsync(() => receiver.Received.Count == 3, "it is told what comes later, too");
        Assert.Single(dead.Received);
        answer.SetResult();
        await Eventually.TrueAsync(() => dead.Received.Count == 3, "the target that answers again is told the rest");
        await loop.StopAsync(Ct);
    }

    [Fact]
    public async Task A11_TargetThatIsNotConfiguredAnyMore_IsGivenUpAfterADay()
    {
        await using var database = NpgsqlDataSource.Create(await servers.CreateDatabaseAsync(Ct));
        await using var receiver = await WebhookReceiver.StartAsync(Ct);
        receiver.Answer = HttpStatusCode.ServiceUnavailable;
        TestClock clock = new();
        using Outbox outbox = new(database, clock, receiver.Url);
        await outbox.AddAsync("night/NYSE/1");
        var target = outbox.Options.Targets["ops"];
        outbox.Options.Targets.Remove("ops");

        clock.Advance(TimeSpan.FromHours(23));
        await outbox.Sender().GiveUpAsync(Ct);
        Assert.Equal("night.late waiting 0", await outbox.StatesAsync());
        clock.Advance(TimeSpan.FromHours(2));
        await outbox.Sender().GiveUpAsync(Ct);
        Assert.Equal("night.late failed 0", await outbox.StatesAsync());
        outbox.Options.Targets["ops"] = target;
        await outbox.Sender().SendAllAsync("ops", Ct);
        Assert.Empty(receiver.Received);
        // What waits for a target that is configured is tried once more, however long everything was down.
        await outbox.AddAsync("night/NYSE/2");
        clock.Advance(TimeSpan.FromHours(25));
        await outbox.Sender().GiveUpAsync(Ct);
        await outbox.Sender().SendAllAsync("ops", Ct);
        Assert.Equal("night.late failed 0, night.late failed 1", await outbox.StatesAsync());
    }

    [Fact]
    public async Task A11_SubjectsEvent_IsWrittenOnce()
    {
        await using var database = NpgsqlDataSource.Create(await servers.CreateDatabaseAsync(Ct));
        using Outbox outbox = new(database, new(), "http://127.0.0.1:9/");
        await outbox.AddAsync("night/NYSE/1");
        await outbox.AddAsync("night/NYSE/1");

        Assert.Equal("night.late waiting 0", await outbox.StatesAsync());
    }

    [Fact]
    public async Task A11_TargetThatStaysDown_IsTriedForADay()
    {
        await using var database = NpgsqlDataSource.Create(await servers.CreateDatabaseAsync(Ct));
        await using var receiver = await WebhookReceiver.StartAsync(Ct);
        receiver.Answer = HttpStatusCode.InternalServerError;
        TestClock clock = new();
        using Outbox outbox = new(database, clock, receiver.Url);
        await outbox.AddAsync("night/NYSE/1");

        for (var minutes = 0; minutes < 25 * 60; minutes += 10, clock.Advance(TimeSpan.FromMinutes(10)))
            await outbox.Sender().SendAllAsync("ops", Ct);

        Assert.InRange(receiver.Received.Count, 20, 40);
        Assert.Equal($"night.late failed {receiver.Received.Count}", await outbox.StatesAsync());
    }

    [Fact]
    public async Task A11_Redirect_IsNotFollowed()
    {
        await using var database = NpgsqlDataSource.Create(await servers.CreateDatabaseAsync(Ct));
        await using var receiver = await WebhookReceiver.StartAsync(Ct);
        await using var elsewhere = await WebhookReceiver.StartAsync(Ct);
        (receiver.Answer, receiver.Location) = (HttpStatusCode.TemporaryRedirect, elsewhere.Url);
        using Outbox outbox = new(database, new(), receiver.Url);
        await outbox.AddAsync("night/NYSE/1");

        var sent = await outbox.Sender().SendOneAsync("ops", null, Ct);

        Assert.Equal((307, "It answered 307; redirects are not followed."), (sent!.Value.Status!.Value, sent.Value.Error));
        Assert.Empty(elsewhere.Received);
    }

    /// <summary>The address is that of the connection: a name that resolves to this machine is refused, too.</summary>
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    public async Task A11_PrivateAddress_IsNotConnectedTo(string host)
    {
        await using var database = NpgsqlDataSource.Create(await servers.CreateDatabaseAsync(Ct));
        await using var receiver = await WebhookReceiver.StartAsync(Ct);
        using Outbox outbox = new(database, new(), receiver.Url.Replace("127.0.0.1", host, StringComparison.Ordinal), allowPrivate: false);
        await outbox.AddAsync("night/NYSE/1");

        var sent = await outbox.Sender().SendOneAsync("ops", null, Ct);

        Assert.StartsWith($"{host} has no address of the internet", sent!.Value.Error, StringComparison.Ordinal);
        Assert.Empty(receiver.Received);
    }

    [Theory]
    [InlineData("8.8.8.8", true)]
    [InlineData("2606:4700:4700::1111", true)]
    [InlineData("::ffff:8.8.8.8", true)]
    [InlineData("10.1.2.3", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("127.0.0.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("172.31.255.255", false)]
    [InlineData("192.168.0.1", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("::1", false)]
    [InlineData("::", false)]
    [InlineData("::ffff:10.0.0.1", false)]
    [InlineData("fe80::1", false)]
    [InlineData("fd00::1", false)]
    [InlineData("ff02::1", false)]
    [InlineData("64:ff9b::a00:1", false)]
    [InlineData("2002:a00:1::", false)]
    public void A11_Address_IsPublicOrNot(string address, bool isPublic) =>
        Assert.Equal(isPublic, PublicAddresses.IsPublic(IPAddress.Parse(address)));

    /// <summary>By the definition of Standard Webhooks, not by the library that signs.</summary>
    internal static void AssertSigned(ReceivedNotice notice)
    {
        var key = Convert.FromBase64String(Outbox.Secret["whsec_".Length..]);
        var signed = Encoding.UTF8.GetBytes($"{notice.Id}.{notice.Timestamp}.{notice.Body}");
        Assert.Equal($"v1,{Convert.ToBase64String(HMACSHA256.HashData(key, signed))}", notice.Signature);
    }
}
