using System.Net;
using Overnight.Api.Pages.Forms;
using Overnight.Api.Sessions;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Sessions;

namespace Overnight.Tests.Pages;

/// <summary>The keys of forms: shared by nodes, kept over restarts, encrypted, and in memory while PostgreSQL is away.</summary>
public sealed class FormKeyTests(TestServers servers)
{
    private const string Key = "Forms:Keys:0",
        Secret = "a secret of this test, of more than 32 characters";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Form_OfOneNode_IsTakenByAnotherAndAfterARestart()
    {
        var (database, cache) = (await servers.CreateDatabaseAsync(Ct), await servers.CacheConnectionStringAsync(Ct));
        await using ApiApp first = new(database, cache, settings: With(Key, Secret));
        var (browser, _) = await first.BrowseAsync();
        using var own = browser;
        var page = await browser.PageAsync("/dashboard");
        var (name, value) = (page.QuerySelector("form input[name^='__']")!.GetAttribute("name")!, PageRequests.TokenField(page));

        await using (ApiApp second = new(database, cache, settings: With(Key, Secret)))
            Assert.Equal(HttpStatusCode.Redirect, await ChooseAsync(second));
        await first.DisposeAsync();
        await using ApiApp restarted = new(database, cache, settings: With(Key, Secret));
        Assert.Equal(HttpStatusCode.Redirect, await ChooseAsync(restarted));
        Assert.Equal(1L, await restarted.Database.ScalarAsync<long>("select count(*) from data_protection_keys"));

        async Task<HttpStatusCode> ChooseAsync(ApiApp app)
        {
            using HttpRequestMessage request = new(HttpMethod.Post, "/display")
            {
                Content = new FormUrlEncodedContent([new(name, value), new("theme", "dark"), new("return", "/dashboard")]),
            };
            request.Headers.Add("Sec-Fetch-Site", "same-origin");
            request.Headers.Add(
                "Cookie",
                $"{SessionCookie.DevelopmentName}={browser.Cookie(SessionCookie.DevelopmentName)}; {AntiforgeryTokenIssuer.CookieName}={browser.FormCookie()}"
            );
            using var client = (
                (Microsoft.AspNetCore.TestHost.TestServer)app.Get<Microsoft.AspNetCore.Hosting.Server.IServer>()
            ).CreateClient();
            using var answer = await client.SendAsync(request, Ct);
            return answer.StatusCode;
        }
    }

    [Fact]
    public async Task Key_InTheDatabase_IsEncryptedByTheConfiguredOneAndReplacedWhereThatIsLost()
    {
        var (database, cache) = (await servers.CreateDatabaseAsync(Ct), await servers.CacheConnectionStringAsync(Ct));
        await using (ApiApp app = new(database, cache, settings: With(Key, Secret)))
        {
            using TestBrowser browser = new(app);
            await browser.PageAsync("/");
            var stored = await app.Database.ScalarAsync<string>("select xml from data_protection_keys");
            Assert.Contains("<encryptedKey", stored, StringComparison.Ordinal);
            Assert.DoesNotContain("masterKey", stored, StringComparison.Ordinal);
            Assert.DoesNotContain(Secret, stored, StringComparison.Ordinal);
        }
        // A new secret, with the former one beside it.
        await using (
            ApiApp rotated = new(database, cache, settings: With(Key, "another secret, of more than 32 characters", "Forms:Keys:1", Secret))
        )
        {
            using TestBrowser browser = new(rotated);
            Assert.NotNull((await browser.PageAsync("/")).QuerySelector("form[action='/sign-in']"));
            Assert.Equal(1L, await rotated.Database.ScalarAsync<long>("select count(*) from data_protection_keys"));
        }
        await using ApiApp lost = new(database, cache, settings: With(Key, "a third secret, of more than 32 characters"));
        using TestBrowser other = new(lost);
        Assert.NotNull((await other.PageAsync("/")).QuerySelector("form[action='/sign-in']"));
        Assert.Equal(2L, await lost.Database.ScalarAsync<long>("select count(*) from data_protection_keys"));
    }

    [Fact]
    public void Cipher_OfChangedOrForeignBytes_Refuses()
    {
        FormKeyCipher cipher = new([Secret]);
        var sealedBytes = cipher.Encrypt("a key"u8.ToArray());
        Assert.Equal("a key"u8.ToArray(), cipher.Decrypt(sealedBytes));
        Assert.NotEqual(sealedBytes, cipher.Encrypt("a key"u8.ToArray()));

        sealedBytes[^1] ^= 1;
        foreach (var bytes in (byte[][])[sealedBytes, [], new byte[40], new FormKeyCipher([$"{Secret}."]).Encrypt("a key"u8.ToArray())])
            Assert.ThrowsAny<System.Security.Cryptography.CryptographicException>(() => cipher.Decrypt(bytes));
    }

    [Theory]
    [InlineData("Forms:Keys:0", "short", "Forms:Keys:0 must be a text of at least 32 characters.")]
    [InlineData("Forms:Keys:2", Secret, "two keys at most")]
    public void Options_OutOfBounds_NameTheKeyAndNotTheSecret(string key, string value, string message)
    {
        FormKeyOptions options = new();
        options.Keys.Add(key == "Forms:Keys:0" ? value : Secret);
        if (key == "Forms:Keys:2")
        {
            options.Keys.Add(Secret);
            options.Keys.Add(value);
        }
        var failed = new Core.SectionValidator<FormKeyOptions>(FormKeyOptions.Section).Validate(null, options);
        Assert.Contains(message, failed.FailureMessage, StringComparison.Ordinal);
        Assert.DoesNotContain(value, failed.FailureMessage!, StringComparison.Ordinal);
    }

    /// <summary>SPEC C2, C3: the page is whole from the cache, says that PostgreSQL is away, and its forms have their token.</summary>
    [Fact]
    public async Task Page_WhilePostgresIsAway_IsWholeAndSaysSo()
    {
        var cache = await servers.StartCacheAsync(Ct);
        var postgres = await servers.StartPostgresAsync(Ct);
        var connection = await TestRoles.MigrateAsync(postgres.ConnectionString("postgres"), "overnight", Ct);
        await using ApiApp app = new(connection, cache.ConnectionString);
        var (browser, user) = await app.BrowseAsync(user => PageEntries.Entry(user));
        using var own = browser;
        Assert.Empty((await browser.PageAsync("/dashboard")).QuerySelectorAll(".outage"));

        await postgres.StopAsync();
        await Eventually.TrueAsync(
            async () => (await browser.PageAsync("/dashboard")).QuerySelectorAll(".outage").Length == 1,
            "the node has noticed that PostgreSQL is away"
        );

        var page = await browser.PageAsync("/dashboard");
        Assert.StartsWith("The database does not answer at the moment.", page.Words(".outage"), StringComparison.Ordinal);
        Assert.Equal("2,500.00 EUR into 5 holdings", page.Words("h1"));
        using var chosen = await browser.SendAsync(page, "/display", ("theme", "dark"));
        Assert.Equal(HttpStatusCode.Redirect, chosen.StatusCode);
        Assert.Equal("dark", (await browser.PageAsync("/dashboard")).DocumentElement.GetAttribute("data-theme"));

        // A node that starts meanwhile has no key: its page is there, without forms.
        await using ApiApp late = new(connection, cache.ConnectionString);
        using TestBrowser visitor = new(late);
        var start = await visitor.PageAsync("/");
        Assert.Empty(start.QuerySelectorAll("form"));
        Assert.StartsWith("The database does not answer at the moment.", start.Words(".wrong"), StringComparison.Ordinal);
        Assert.NotEqual(Guid.Empty, user);
    }

    private static Dictionary<string, string> With(params string[] pairs) => pairs.Chunk(2).ToDictionary(pair => pair[0], pair => pair[1]);
}
