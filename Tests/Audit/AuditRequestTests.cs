using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;
using Overnight.Api.Audit;
using Overnight.Api.Paging;
using Overnight.Tests.Dashboard;

namespace Overnight.Tests.Audit;

/// <summary>What a client may ask, and what it is told otherwise.</summary>
public sealed class AuditRequestTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string Id = "019a0000-0000-7000-8000-000000000001";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/api/calculations", "user")]
    [InlineData("/api/calculations?user=", "user")]
    [InlineData("/api/calculations?user=me", "user")]
    [InlineData("/api/calculations?user=%00", "user")]
    [InlineData($"/api/calculations?user={Id}&user={Id}", "user")]
    [InlineData($"/api/calculations?user={Id}&asset={Id}", "asset")]
    [InlineData($"/api/calculations?asset={Id}&run={Id}", "run")]
    [InlineData("/api/calculations?asset=x", "asset")]
    [InlineData("/api/calculations?run=latest", "run")]
    [InlineData($"/api/calculations?run={Id}&from=2026-01-01", "from")]
    [InlineData($"/api/calculations?run={Id}&until=2026-01-01", "until")]
    [InlineData($"/api/calculations?user={Id}&from=2026-02-30", "from")]
    [InlineData($"/api/calculations?user={Id}&until=yesterday", "until")]
    [InlineData($"/api/calculations?user={Id}&from=2026-02-02&until=2026-02-01", "from")]
    [InlineData($"/api/calculations?user={Id}&limit=0", "limit")]
    [InlineData($"/api/calculations?asset={Id}&limit=201", "limit")]
    [InlineData($"/api/calculations?user={Id}&cursor=x", "cursor")]
    [InlineData($"/api/calculations?user={Id}&cursor=AAAAAAAAAAAAAAAAAAAAAA", "cursor")]
    [InlineData($"/api/calculations?user={Id}&cursor=___________________________", "cursor")]
    [InlineData($"/api/calculations?asset={Id}&cursor=AAAAAAAAAAAAAAAAAAAAAAAAAAA", "cursor")]
    [InlineData($"/api/calculations?run={Id}&cursor=%20AAAAAAAAAAAAAAAAAAAAA", "cursor")]
    [InlineData($"/api/calculations/{Id}/me", "user")]
    [InlineData($"/api/calculations/latest/{Id}", "run")]
    [InlineData("/api/calculations/x/why", "run")]
    [InlineData($"/api/calculations/{Id}/why/x", "asset")]
    [InlineData($"/api/calculations/{Id}/why?user=x", "user")]
    [InlineData("/api/calculations/changes", "before")]
    [InlineData($"/api/calculations/changes?before={Id}", "after")]
    [InlineData($"/api/calculations/changes?before=x&after={Id}", "before")]
    [InlineData($"/api/calculations/changes?before={Id}&after=%00", "after")]
    [InlineData("/api/calculations/changes?from=2026-01-01", "from")]
    [InlineData($"/api/runs/{Id}/failures?limit=0", "limit")]
    [InlineData($"/api/runs/{Id}/failures?cursor=0", "cursor")]
    [InlineData("/api/admin/actions?action=stroll", "action")]
    [InlineData("/api/admin/actions?user=me", "user")]
    [InlineData("/api/admin/actions?limit=0", "limit")]
    [InlineData("/api/admin/actions?cursor=x", "cursor")]
    [InlineData("/api/account/reads?limit=0", "limit")]
    [InlineData("/api/account/reads?cursor=x", "cursor")]
    [InlineData("/api/sessions?limit=0", "limit")]
    [InlineData("/api/sessions?cursor=x", "cursor")]
    [InlineData("/api/runs?market=nyse", "market")]
    [InlineData("/api/runs?market=%00%00", "market")]
    [InlineData("/api/runs?date=20260101", "date")]
    [InlineData("/api/runs?status=done", "status")]
    [InlineData("/api/runs?jobType=night", "jobType")]
    [InlineData("/api/runs?status=done&limit=0", "limit")]
    public async Task BadQuestion_Is400ByField(string path, string field)
    {
        var (_, token) = await fixture.App.Database.SignInAsync("admin");
        using var response = await fixture.App.GetAsync(path, token, Ct);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        using var problem = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(Ct));
        var error = problem.RootElement.GetProperty("errors").GetProperty(field).EnumerateArray().First().GetString()!;
        // But for a field that is not known, one too many, or beside another.
        var isOfValue = !error.Contains("not known", StringComparison.Ordinal) && !error.Contains("be given", StringComparison.Ordinal);
        if (isOfValue && QueryHelpers.ParseQuery(path.Split('?')[^1]).TryGetValue(field, out var values) && values is [{ } given])
            Assert.Contains(given, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData($"/api/calculations?user={Id}")]
    [InlineData($"/api/calculations?asset={Id}&from=0001-01-01&until=9999-12-31")]
    [InlineData($"/api/calculations?run={Id}")]
    [InlineData("/api/runs?market=NOWHERE&date=2001-01-01&status=partial")]
    public async Task QuestionWithoutAnAnswer_IsAnEmptyPage(string path)
    {
        var (_, token) = await fixture.App.Database.SignInAsync("admin");
        using var response = await fixture.App.GetAsync(path, token, Ct);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("""{"items":[],"nextCursor":null}""", await response.Content.ReadAsStringAsync(Ct));
    }

    [Theory]
    [InlineData($"/api/calculations/{Id}/{Id}")]
    [InlineData($"/api/runs/{Id}/failures")]
    public async Task WhatIsNotThere_Is404(string path) => await AssertStatusAsync(path, "admin", HttpStatusCode.NotFound);

    [Theory]
    [InlineData($"/api/calculations?user={Id}", HttpStatusCode.NotFound)]
    [InlineData($"/api/calculations?asset={Id}", HttpStatusCode.Forbidden)]
    [InlineData($"/api/calculations?run={Id}", HttpStatusCode.Forbidden)]
    [InlineData($"/api/calculations/{Id}/{Id}", HttpStatusCode.NotFound)]
    [InlineData($"/api/runs/{Id}/failures", HttpStatusCode.Forbidden)]
    [InlineData("/api/admin/actions", HttpStatusCode.Forbidden)]
    public async Task Audit_OfOthersByAUserOrNobody_IsRefused(string path, HttpStatusCode toUser)
    {
        await AssertStatusAsync(path, "user", toUser);
        await AssertStatusAsync(path, null, HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Runs_Filtered_AreThoseAskedFor()
    {
        await using var app = fixture.Another();
        await app.Database.ExecuteAsync("insert into markets (code, name) values ('AUDIT', 'Audit')");
        await app.Database.ExecuteAsync(
            """
            insert into overnight_job_runs (id, job_type, status, market, business_date, revision, trigger, started_at, completed_at, correlation_id)
            select gen_random_uuid(), 'scoring', case when n % 2 = 0 then 'completed' else 'partial' end, 'AUDIT', '2026-03-02'::date + n / 4, 1 + n % 4, 'manual', now(), now(), gen_random_uuid() from generate_series(0, 19) n
            """
        );
        var (_, token) = await app.Database.SignInAsync("admin");

        Assert.Equal(20, await CountAsync(app, "market=AUDIT", token));
        Assert.Equal(4, await CountAsync(app, "market=AUDIT&date=2026-03-03", token));
        Assert.Equal(2, await CountAsync(app, "market=AUDIT&date=2026-03-03&status=partial", token));
        Assert.Equal(10, await CountAsync(app, "market=AUDIT&status=completed", token));
        Assert.Equal(20, await CountAsync(app, "market=AUDIT&jobType=scoring", token));
        Assert.Equal(0, await CountAsync(app, "market=AUDIT&jobType=cache-warm", token));
    }

    [Fact]
    public void Cursors_ReadBack_AreTheSame()
    {
        var id = Guid.CreateVersion7();
        AssertSame(new RunCursor(4_711));
        AssertSame(new UserCursor(id));
        AssertSame(new UserRunCursor(new(2026, 11, 20), 4_711));
        AssertSame(new PostingCursor(new(2026, 11, 20), 4_711, 17, Guid.CreateVersion7()));

        static void AssertSame<T>(T cursor)
            where T : struct
        {
            Assert.True(Cursor.TryDecode<T>(Cursor.Encode(cursor), out var read));
            Assert.Equal(cursor, read);
        }
    }

    private static async Task<int> CountAsync(ApiApp app, string query, string token)
    {
        var count = 0;
        string? cursor = null;
        do
        {
            using var response = await app.GetAsync($"/api/runs?limit=3&{query}{(cursor is null ? "" : $"&cursor={cursor}")}", token, Ct);
            using var page = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(Ct));
            count += page.RootElement.GetProperty("items").GetArrayLength();
            cursor = page.RootElement.GetProperty("nextCursor").GetString();
        } while (cursor is not null);
        return count;
    }

    private async Task AssertStatusAsync(string path, string? role, HttpStatusCode status)
    {
        var token = role is null ? null : (await fixture.App.Database.SignInAsync(role)).Token;
        using var response = await fixture.App.GetAsync(path, token, Ct);
        Assert.Equal(status, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }
}
