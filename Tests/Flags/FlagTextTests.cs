using System.Net;
using System.Text.Json;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Flags;

/// <summary>SPEC B3, F1: a flag's value is Unicode text, or refused; one that was stored otherwise breaks no answer.</summary>
public sealed class FlagTextTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string Environment = "development";

    private readonly string _key = TestFlags.NewKey();
    private readonly ApiApp _app = fixture.App;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("""{"value":"a\ud83d"}""")]
    [InlineData("""{"enabled":false,"value":{"k\ud83d":1}}""")]
    [InlineData("""{"value":[[{"a":"\udc00\ud83d"}]]}""")]
    public async Task Patch_F1_ValueWithHalfOfASurrogatePair_Is400AndStoresNothing(string body)
    {
        var (_, token) = await _app.Database.SignInAsync("admin");
        await _app.Database.AddFlagAsync(Environment, _key, value: "1");

        using var answer = await _app.PatchFlagAsync(_key, token, body);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(
            "halves of surrogate pairs",
            Assert.Single((await answer.JsonAsync()).GetProperty("errors").GetProperty("value").EnumerateArray()).GetString(),
            StringComparison.Ordinal
        );
        var flag = await _app.FlagAsync(_key, token);
        Assert.Equal(
            (1, 1, true),
            (flag.GetProperty("version").GetInt32(), flag.GetProperty("value").GetInt32(), flag.GetProperty("enabled").GetBoolean())
        );
    }

    [Fact]
    public async Task Flag_F1_ValueStoredWithHalfOfASurrogatePair_IsAnsweredAsUnicodeEverywhere()
    {
        var (_, token) = await _app.Database.SignInAsync("admin");
        await _app.Database.AddFlagAsync(Environment, _key, value: """{"k\ud83d":"\ud83d\ude00"}""");
        await _app.Database.ExecuteAsync(
            """insert into feature_flag_changes (environment, key, version, changed_at, before, after) values ($1, $2, 1, now(), '{"value":"\ud83d"}', '{"value":"\udc00"}')""",
            Environment,
            _key
        );

        Assert.Equal("\U0001F600", (await _app.FlagAsync(_key, token)).GetProperty("value").GetProperty("k\ufffd").GetString());
        foreach (var path in new[] { "/api/admin/flags?limit=200", $"/api/admin/flags/{_key}/changes" })
        {
            using var answer = await _app.GetAsync(path, token, Ct);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            _ = JsonSerializer.Serialize(await answer.JsonAsync());
        }
        using var patched = await _app.PatchFlagAsync(_key, token, """{"value":"\ud83d\ude00"}""");
        Assert.Equal(HttpStatusCode.OK, patched.StatusCode);
    }
}
