using System.Net;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using Overnight.Api.Pages.Forms;
using Overnight.Api.Sessions;
using Overnight.Core.Caching;
using Overnight.Tests.Dashboard;

namespace Overnight.Tests.Pages;

/// <summary>Requests as a browser makes them, which keeps cookies and follows no redirect by itself here.</summary>
internal sealed class TestBrowser : IDisposable
{
    public const string Html = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

    private readonly HttpMessageHandler _handler;
    private readonly HttpClient _http;
    private readonly CookieContainer _cookies = new();
    private readonly Uri _site;

    public TestBrowser(ApiApp app, string site = "http://localhost/")
    {
        _site = new(site);
        _handler = ((Microsoft.AspNetCore.TestHost.TestServer)app.Get<Microsoft.AspNetCore.Hosting.Server.IServer>()).CreateHandler();
        _http = new(_handler, disposeHandler: false) { BaseAddress = _site };
    }

    public string Languages { get; set; } = "";

    public string? Cookie(string name) => _cookies.GetCookies(_site)[name]?.Value;

    public void SignIn(string token, string cookie = SessionCookie.DevelopmentName) => _cookies.Add(_site, new Cookie(cookie, token));

    public Task<HttpResponseMessage> GetAsync(string path, string accept = Html) => AskAsync(new(HttpMethod.Get, path), accept);

    public async Task<IDocument> PageAsync(string path, HttpStatusCode status = HttpStatusCode.OK)
    {
        using var answer = await GetAsync(path);
        Assert.Equal(status, answer.StatusCode);
        return await PageAsync(answer);
    }

    public static async Task<IDocument> PageAsync(HttpResponseMessage answer)
    {
        Assert.Equal("text/html; charset=utf-8", answer.Content.Headers.ContentType?.ToString());
        return await new HtmlParser().ParseDocumentAsync(await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Sends the form that a page has for an action, with fields of the test's own.</summary>
    public Task<HttpResponseMessage> SendAsync(IDocument page, string action, params (string Name, string Value)[] fields)
    {
        var form = page.QuerySelector($"form[action='{action}']");
        Assert.NotNull(form);
        var sent = form.QuerySelectorAll("input[type=hidden]")
            .ToDictionary(i => i.GetAttribute("name")!, i => i.GetAttribute("value") ?? "");
        foreach (var (name, value) in fields)
            sent[name] = value;
        return PostAsync(action, sent, ("Sec-Fetch-Site", "same-origin"), ("Origin", _site.GetLeftPart(UriPartial.Authority)));
    }

    public Task<HttpResponseMessage> PostAsync(
        string path,
        IEnumerable<KeyValuePair<string, string>> fields,
        params (string Name, string Value)[] headers
    )
    {
        HttpRequestMessage request = new(HttpMethod.Post, path) { Content = new FormUrlEncodedContent(fields) };
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        return AskAsync(request, Html);
    }

    private async Task<HttpResponseMessage> AskAsync(HttpRequestMessage request, string accept)
    {
        using (request)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
            if (Languages.Length > 0)
                request.Headers.TryAddWithoutValidation("Accept-Language", Languages);
            if (_cookies.GetCookieHeader(_site) is { Length: > 0 } cookies)
                request.Headers.Add("Cookie", cookies);
            var answer = await _http.SendAsync(request, TestContext.Current.CancellationToken);
            if (answer.Headers.TryGetValues("Set-Cookie", out var set))
            {
                foreach (var cookie in set)
                    _cookies.SetCookies(_site, cookie);
            }
            return answer;
        }
    }

    public void Dispose()
    {
        _http.Dispose();
        _handler.Dispose();
    }
}

internal static class PageRequests
{
    /// <returns>A browser in which a new user is signed in, with an entry in the cache.</returns>
    public static async Task<(TestBrowser Browser, Guid User)> BrowseAsync(
        this ApiApp app,
        Func<Guid, byte[]>? entry = null,
        string role = "user"
    )
    {
        var (user, token) = await app.Database.SignInAsync(role);
        if (entry is not null)
            await app.Cache.StringSetAsync(CacheKeys.Recommendations(user), entry(user));
        TestBrowser browser = new(app);
        browser.SignIn(token);
        return (browser, user);
    }

    /// <summary>The text of an element, in one line and with ordinary spaces.</summary>
    public static string Words(this IParentNode page, string selector) =>
        string.Join(' ', (page.QuerySelector(selector)?.TextContent ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    public static string TokenField(IDocument page) =>
        page.QuerySelector("form input[name^='__']")?.GetAttribute("value")
        ?? throw new InvalidOperationException("The page has no token.");

    public static string FormCookie(this TestBrowser browser) => browser.Cookie(AntiforgeryTokenIssuer.CookieName) ?? "";
}
