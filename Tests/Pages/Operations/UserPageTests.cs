using System.Net;
using Overnight.Tests.Actions;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Sessions;

namespace Overnight.Tests.Pages.Operations;

/// <summary>SPEC P5: users, their sessions, bans, and the action log.</summary>
public sealed class UserPageTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Search_ByTheBeginningOfAnAddressOrById_FindsTheUser()
    {
        await using var app = await AppAsync();
        var user = await app.Database.AddUserAsync();
        await app.Database.ExecuteAsync("update users set email = 'zoe_100%@test.example' where id = $1", user);
        await app.Database.AddUserAsync();
        var (browser, _) = await app.BrowseAsync(role: "admin");
        using var own = browser;

        foreach (var query in (string[])["zoe", "ZOE_100%25", $"{user}"])
        {
            var page = await browser.PageAsync($"/operations/users?query={query}");
            var link = Assert.Single(page.QuerySelectorAll("table.cards tbody a"));
            Assert.Equal(($"/operations/users/{user}", "zoe_100%@test.example"), (link.GetAttribute("href"), link.TextContent));
        }
        Assert.Equal("No user is like that.", (await browser.PageAsync("/operations/users?query=zoe%25")).Words(".card .quiet"));
        Assert.Equal(3, (await browser.PageAsync("/operations/users")).QuerySelectorAll("table.cards tbody tr").Length);
        Assert.Empty((await browser.PageAsync("/operations/users?banned=true")).QuerySelectorAll("table.cards tbody tr"));
    }

    [Fact]
    public async Task Markets_OfAUser_AreTheUsersOwn()
    {
        await using var app = await AppAsync();
        var (user, other) = (await app.Database.AddUserAsync(), await app.Database.AddUserAsync());
        await app.Database.ExecuteAsync("insert into user_markets values ($1, 'XETRA'), ($1, 'NYSE'), ($2, 'TSE')", user, other);
        var (_, token) = await app.Database.SignInAsync("admin");

        using var answer = await app.GetAsync($"/api/admin/users/{user}", token, Ct);

        Assert.Equal(
            ["NYSE", "XETRA"],
            (await answer.JsonAsync()).GetProperty("markets").EnumerateArray().Select(market => market.GetString())
        );
    }

    [Fact]
    public async Task ListOfUsers_ByPages_HasEachOnce()
    {
        await using var app = await AppAsync();
        for (var user = 0; user < 7; user++)
            await app.Database.AddUserAsync();
        var (_, token) = await app.Database.SignInAsync("admin");
        List<string> seen = [];
        string? cursor = null;
        do
        {
            using var answer = await app.GetAsync($"/api/admin/users?limit=3{(cursor is null ? "" : $"&cursor={cursor}")}", token, Ct);
            var page = await answer.JsonAsync();
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("email").GetString()!));
            cursor = page.GetProperty("nextCursor").GetString();
        } while (cursor is not null);

        Assert.Equal(8, seen.Count);
        Assert.Equal(seen.Order(StringComparer.Ordinal).Distinct(), seen);
    }

    [Fact]
    public async Task Ban_AsksFirst_ThenEndsTheSessionsAndIsInTheLog_AndIsLifted()
    {
        await using var app = await AppAsync();
        var (user, token) = await app.Database.SignInAsync();
        var (browser, admin) = await app.BrowseAsync(role: "admin");
        using var own = browser;
        var path = $"/operations/users/{user}";
        var page = await browser.PageAsync(path);

        using var asked = await browser.SendAsync(page, $"{path}/ban");
        Assert.Equal(HttpStatusCode.OK, asked.StatusCode);
        var question = await TestBrowser.PageAsync(asked);
        Assert.Equal($"Ban {await app.Database.EmailOfAsync(user)}?", question.Words("h1"));
        Assert.Equal(path, question.QuerySelector("form.ask a")!.GetAttribute("href"));
        Assert.Equal(HttpStatusCode.NotFound, await app.StatusAsync(token));
        Assert.Empty(await app.Database.ActionsAsync());

        using var banned = await browser.SendAsync(question, $"{path}/ban");
        Assert.Equal($"{path}?done=banned", banned.Headers.Location?.OriginalString);
        Assert.Equal(HttpStatusCode.Unauthorized, await app.StatusAsync(token));
        var after = await browser.PageAsync($"{path}?done=banned");
        Assert.Equal("The user is banned, and every session of the user has ended.", after.Words(".done"));
        Assert.Null(after.QuerySelector($"form[action='{path}/ban']"));
        Assert.Single((await browser.PageAsync("/operations/users?banned=true")).QuerySelectorAll("table.cards tbody tr"));

        using var lifted = await browser.SendAsync(after, $"{path}/unban");
        Assert.Equal($"{path}?done=unbanned", lifted.Headers.Location?.OriginalString);
        Assert.Equal(
            [("ban", "banned", (Guid?)admin, (Guid?)user), ("unban", "unbanned", admin, user)],
            (await app.Database.ActionsAsync()).Select(row => (row.Action, row.Outcome, row.By, row.Subject))
        );

        var log = await browser.PageAsync($"/operations/log?action=ban&user={user}");
        var row = Assert.Single(log.QuerySelectorAll("table.cards tbody tr"));
        Assert.Contains(
            "ban banned",
            string.Join(' ', row.TextContent.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)),
            StringComparison.Ordinal
        );
        Assert.Contains($"/operations/users/{user}", row.QuerySelectorAll("a").Select(link => link.GetAttribute("href")));
    }

    [Fact]
    public async Task Ban_OfOneself_HasNoButtonAndIsRefusedAsByTheApi()
    {
        await using var app = await AppAsync();
        var (browser, admin) = await app.BrowseAsync(role: "admin");
        using var own = browser;
        var page = await browser.PageAsync($"/operations/users/{admin}");
        Assert.Null(page.QuerySelector("button.danger"));

        using var refused = await browser.PostAsync(
            $"/operations/users/{admin}/ban",
            [new(page.QuerySelector("form input[name^='__']")!.GetAttribute("name")!, PageRequests.TokenField(page)), new("sure", "yes")],
            ("Sec-Fetch-Site", "same-origin")
        );

        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        Assert.Equal("Administrators can't ban themselves", (await TestBrowser.PageAsync(refused)).Words("h1"));
        (await browser.PageAsync("/operations")).Dispose();
    }

    [Fact]
    public async Task Sessions_OneOrAll_AreEndedAfterAQuestion()
    {
        await using var app = await AppAsync();
        var (user, first) = await app.Database.SignInAsync();
        var second = await app.Database.AddSessionAsync(user);
        var third = await app.Database.AddSessionAsync(user);
        var (browser, _) = await app.BrowseAsync(role: "admin");
        using var own = browser;
        var path = $"/operations/users/{user}";
        var page = await browser.PageAsync(path);
        Assert.Equal(3, page.QuerySelectorAll("section[aria-labelledby=sessions] tbody tr").Length);

        using var asked = await browser.SendAsync(page, $"{path}/sessions/end", ("session", TestPeople.Hash(first)));
        using var one = await browser.SendAsync(await TestBrowser.PageAsync(asked), $"{path}/sessions/end");
        Assert.Equal($"{path}?done=session-ended", one.Headers.Location?.OriginalString);
        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.NotFound), (await app.StatusAsync(first), await app.StatusAsync(second)));

        using var askedAll = await browser.SendAsync(page, $"{path}/sessions/end");
        using var all = await browser.SendAsync(await TestBrowser.PageAsync(askedAll), $"{path}/sessions/end");
        Assert.Equal($"{path}?done=sessions-ended", all.Headers.Location?.OriginalString);
        Assert.Equal(
            (HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized),
            (await app.StatusAsync(second), await app.StatusAsync(third))
        );
        Assert.Equal("No session is open.", (await browser.PageAsync(path)).Words("section[aria-labelledby=sessions] .quiet"));
    }

    /// <summary>The question names one user, so a form that was made up can't end a session of another.</summary>
    [Fact]
    public async Task Session_OfAnotherUserThanTheQuestionNames_IsNotEnded()
    {
        await using var app = await AppAsync();
        var (user, _) = await app.Database.SignInAsync();
        var (_, stranger) = await app.Database.SignInAsync();
        var (browser, _) = await app.BrowseAsync(role: "admin");
        using var own = browser;
        var path = $"/operations/users/{user}";

        using var refused = await browser.SendAsync(
            await browser.PageAsync(path),
            $"{path}/sessions/end",
            ("session", TestPeople.Hash(stranger)),
            ("sure", "yes")
        );

        Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, await app.StatusAsync(stranger));
        Assert.Empty(await app.Database.ActionsAsync());
    }

    private async Task<ApiApp> AppAsync() => new(await servers.CreateDatabaseAsync(Ct), await servers.CacheConnectionStringAsync(Ct));
}
