using System.Net;
using System.Text.Json;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Flags;

/// <summary>SPEC F1: PATCH /api/admin/flags/{key}, the list, and who changed what.</summary>
public sealed class FlagChangeTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string Environment = "development";

    private readonly ApiApp _app = fixture.App;
    private readonly string _key = TestFlags.NewKey();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Patch_F1_ChangesInvalidatesAndRecordsWhoChangedWhat()
    {
        var (admin, token) = await _app.Database.SignInAsync("admin");
        await _app.Database.AddFlagAsync(Environment, _key, value: "1");
        await _app.FlagAsync(_key, token);

        using var answer = await _app.PatchFlagAsync(_key, token, """{"enabled":false,"value":{"a":[1,"ü"]}}""");

        Assert.Equal((HttpStatusCode.OK, "\"2\""), (answer.StatusCode, answer.Headers.ETag?.Tag));
        var item = await answer.JsonAsync();
        Assert.Equal(
            (2, false, admin),
            (item.GetProperty("version").GetInt32(), item.GetProperty("enabled").GetBoolean(), item.GetProperty("updatedBy").GetGuid())
        );
        var read = await _app.FlagAsync(_key, token);
        Assert.Equal(
            (false, "ü", 2),
            (
                read.GetProperty("enabled").GetBoolean(),
                read.GetProperty("value").GetProperty("a")[1].GetString(),
                read.GetProperty("version").GetInt32()
            )
        );

        using var again = await _app.PatchFlagAsync(_key, token, """{"value":null,"description":"Said \"so\"."}""");
        Assert.Equal(JsonValueKind.Null, (await _app.FlagAsync(_key, token)).GetProperty("value").ValueKind);

        using var changes = await _app.GetAsync($"/api/admin/flags/{_key}/changes?limit=1", token, Ct);
        var page = await changes.JsonAsync();
        var change = Assert.Single(page.GetProperty("items").EnumerateArray());
        Assert.Equal(
            (3, admin, "", "Said \"so\"."),
            (
                change.GetProperty("version").GetInt32(),
                change.GetProperty("changedBy").GetGuid(),
                change.GetProperty("before").GetProperty("description").GetString(),
                change.GetProperty("after").GetProperty("description").GetString()
            )
        );
        using var next = await _app.GetAsync(
            $"/api/admin/flags/{_key}/changes?cursor={page.GetProperty("nextCursor").GetString()}",
            token,
            Ct
        );
        var last = await next.JsonAsync();
        Assert.Equal(
            (true, false),
            (
                last.GetProperty("items")[0].GetProperty("before").GetProperty("enabled").GetBoolean(),
                last.GetProperty("items")[0].GetProperty("after").GetProperty("enabled").GetBoolean()
            )
        );
        Assert.Equal(JsonValueKind.Null, last.GetProperty("nextCursor").ValueKind);
    }

    [Fact]
    public async Task Patch_MeantForAnotherVersion_Is412Or409AndChangesNothing()
    {
        var (_, token) = await _app.Database.SignInAsync("admin");
        await _app.Database.AddFlagAsync(Environment, _key);
        (string Body, string? IfMatch, HttpStatusCode Status)[] cases =
        [
            ("""{"enabled":false}""", "\"7\"", HttpStatusCode.PreconditionFailed),
            ("""{"enabled":false}""", "W/\"1\"", HttpStatusCode.PreconditionFailed),
            ("""{"enabled":false,"version":7}""", null, HttpStatusCode.Conflict),
            ("""{"enabled":false,"version":7}""", "\"1\"", HttpStatusCode.Conflict),
            ("""{"enabled":false,"version":1}""", "\"7\"", HttpStatusCode.PreconditionFailed),
            ("""{"enabled":true,"version":1}""", "\"7\", \"1\"", HttpStatusCode.OK),
            ("""{"enabled":true}""", "*", HttpStatusCode.OK),
            ("""{"enabled":true}""", null, HttpStatusCode.OK),
            // What it is already is no change, and raises no version.
            ("""{"enabled":false,"version":1}""", "\"1\"", HttpStatusCode.OK),
            ("""{"enabled":true,"version":1}""", null, HttpStatusCode.Conflict),
        ];
        foreach (var (body, ifMatch, status) in cases)
        {
            using var answer = await _app.PatchFlagAsync(_key, token, body, ifMatch);
            Assert.True(status == answer.StatusCode, $"{body} {ifMatch}: {answer.StatusCode}");
            if (status != HttpStatusCode.OK)
                Assert.True((await answer.JsonAsync()).GetProperty("currentVersion").GetInt32() is 1 or 2);
        }
        Assert.Equal(2, (await _app.FlagAsync(_key, token)).GetProperty("version").GetInt32());
    }

    [Fact]
    public async Task Patch_ManyAtOnceForOneVersion_OneWins()
    {
        var (_, token) = await _app.Database.SignInAsync("admin");
        await _app.Database.AddFlagAsync(Environment, _key);
        var answers = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(i => _app.PatchFlagAsync(_key, token, $$"""{"value":{{i}},"version":1}"""))
        );
        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.OK);
        Assert.Equal(7, answers.Count(answer => answer.StatusCode == HttpStatusCode.Conflict));
    }

    [Theory]
    [InlineData("""{}""", null, "body", "at least one of")]
    [InlineData("", null, "body", "at least one of")]
    [InlineData("""[1]""", null, "body", "must be an object")]
    [InlineData("""{"enabled":"yes"}""", null, "enabled", "not \"yes\"")]
    [InlineData("""{"enabled":null}""", null, "enabled", "not null")]
    [InlineData("""{"enabled":true,"version":0}""", null, "version", "not 0")]
    [InlineData("""{"enabled":true,"version":1.5}""", null, "version", "not 1.5")]
    [InlineData("""{"description":5}""", null, "description", "not 5")]
    [InlineData("""{"description":"a\u0000b"}""", null, "description", "one line")]
    [InlineData("""{"description":"\ud800"}""", null, "description", "surrogate")]
    [InlineData("""{"\ud800":1}""", null, "body", "surrogate")]
    [InlineData("""{"enabled":true,"enabled":false}""", null, "enabled", "must be given once")]
    [InlineData("""{"value":[{"a":{"b":1,"b":2}}]}""", null, "value[0].a.b", "must be given once")]
    [InlineData("""{"environment":"production"}""", null, "environment", "is not known")]
    [InlineData("""{"enabled":true}""", "1", "If-Match", "is '1'")]
    public async Task Patch_ThatCannotBe_Is400NamingFieldAndValue(string body, string? ifMatch, string field, string words)
    {
        var (_, token) = await _app.Database.SignInAsync("admin");
        await _app.Database.AddFlagAsync(Environment, _key);
        using var answer = await _app.PatchFlagAsync(_key, token, body, ifMatch);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(
            words,
            Assert.Single((await answer.JsonAsync()).GetProperty("errors").GetProperty(field).EnumerateArray()).GetString()
        );
    }

    [Fact]
    public async Task Patch_TextThatIsLong_Is400()
    {
        var (_, token) = await _app.Database.SignInAsync("admin");
        await _app.Database.AddFlagAsync(Environment, _key);
        using var description = await _app.PatchFlagAsync(_key, token, $$"""{"description":"{{new string('x', 501)}}"}""");
        using var value = await _app.PatchFlagAsync(_key, token, $$"""{"value":"{{new string('x', 17_000)}}"}""");
        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (description.StatusCode, value.StatusCode));
    }

    [Fact]
    public async Task Patch_ByOthersOrOfNothing_Is401Or403Or404()
    {
        var (_, user) = await _app.Database.SignInAsync();
        var (_, admin) = await _app.Database.SignInAsync("admin");
        using var nobody = await _app.PatchFlagAsync(_key, null, """{"enabled":true}""");
        using var notAdmin = await _app.PatchFlagAsync(_key, user, """{"enabled":true}""");
        using var nothing = await _app.PatchFlagAsync(_key, admin, """{"enabled":true}""");
        using var list = await _app.GetAsync("/api/admin/flags", user, Ct);
        Assert.Equal(
            [HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden, HttpStatusCode.NotFound, HttpStatusCode.Forbidden],
            [nobody.StatusCode, notAdmin.StatusCode, nothing.StatusCode, list.StatusCode]
        );
    }

    [Fact]
    public async Task List_Paged_HasEveryFlagOfTheEnvironmentOnceInOrder()
    {
        var environment = TestFlags.NewEnvironment();
        await using var node = fixture.Another(("Flags:Environment", environment));
        var (_, token) = await node.Database.SignInAsync("admin");
        string[] keys = ["B", "a", "a.b", "a_b", new string('z', 64)];
        foreach (var key in keys.Reverse())
            await node.Database.AddFlagAsync(environment, key, enabled: key != "a");

        List<string> listed = [];
        string? cursor = null;
        do
        {
            using var answer = await node.GetAsync($"/api/admin/flags?limit=2{(cursor is null ? "" : $"&cursor={cursor}")}", token, Ct);
            var page = await answer.JsonAsync();
            listed.AddRange(page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("key").GetString()!));
            cursor = page.GetProperty("nextCursor").GetString();
        } while (cursor is not null);

        Assert.Equal(keys, listed);
        using var bad = await node.GetAsync("/api/admin/flags?limit=0&cursor=x", token, Ct);
        Assert.Equal(HttpStatusCode.BadRequest, bad.StatusCode);
        Assert.Equal(["limit", "cursor"], (await bad.JsonAsync()).GetProperty("errors").EnumerateObject().Select(error => error.Name));
    }
}
