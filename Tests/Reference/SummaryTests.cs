using System.Net;
using System.Text.Json;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Sessions;

namespace Overnight.Tests.Reference;

/// <summary>SPEC G1: what a facility has in stock, what a user hopes to sell, and a vendor by its number.</summary>
public sealed class SummaryTests(ReferenceFixture fixture) : IClassFixture<ReferenceFixture>
{
    private readonly ApiApp _app = fixture.App;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>SPEC G1: what is in stock is worth what its materials are, and what a user hopes to sell is what is open.</summary>
    [Fact]
    public async Task Get_G1_Summaries_AddUpToTheirRows()
    {
        var tenant = await fixture.TenantAsync();
        var token = await fixture.SignInAsync(tenant);
        var questions = await ReferenceClient.QuestionsAsync(_app.Database, tenant);

        var stock = await _app.AskAsync(token, Path("wms:inventory-summary"));
        var pipeline = await _app.AskAsync(token, Path("sales:pipeline-summary"));

        Assert.NotEmpty(stock.Items());
        Assert.Equal(
            await _app.Database.ScalarAsync<decimal>(
                """
                select sum(s.quantity * m.price) from erp.stock s join erp.materials m using (tenant_id, sku)
                where s.tenant_id = $1 and s.facility_id = (select min(id::text)::uuid from erp.facilities where tenant_id = $1)
                """,
                tenant
            ),
            stock.Items().Sum(line => Number(line, "value"))
        );
        Assert.All(pipeline.Items(), line =>
            Assert.Contains(line.GetProperty("stage").GetString(), (string[])["lead", "qualified", "proposal", "negotiation"])
        );
        Assert.Equal(
            await _app.Database.ScalarAsync<string>(
                """
                select concat_ws(' ', count(*), trim_scale(sum(o.amount)), trim_scale(sum(o.amount * s.probability / 100)))
                from erp.opportunities o join erp.pipeline_stages s on s.tenant_id = o.tenant_id and s.code = o.stage_code
                where o.tenant_id = $1 and s.outcome is null
                """,
                tenant
            ),
            string.Join(
                ' ',
                pipeline.Items().Sum(line => line.GetProperty("opportunities").GetInt32()),
                $"{pipeline.Items().Sum(line => Number(line, "amount")):0.####}",
                $"{pipeline.Items().Sum(line => Number(line, "expected")):0.####}"
            )
        );

        string Path(string entity) => questions.Single(question => question.Entity.FullName == entity).Path;
    }

    /// <summary>SPEC G2: a user of another tenant is nobody of this one.</summary>
    [Fact]
    public async Task Get_G2_PipelineSummary_OfAnotherTenantsUser_Is404()
    {
        var (mine, theirs) = (await fixture.TenantAsync(), await fixture.TenantAsync());
        var user = await _app.Database.ScalarAsync<Guid>("select owner_id from erp.opportunities where tenant_id = $1 limit 1", theirs);

        using var answer = await _app.GetAsync($"/api/reference/sales/pipeline-summary?userId={user}", await fixture.SignInAsync(mine), Ct);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    /// <summary>SPEC G1: a vendor by its number, read and invalidated.</summary>
    [Fact]
    public async Task Get_G1_Vendor_IsReadUntilItIsInvalidated()
    {
        var tenant = await fixture.TenantAsync();
        var token = await fixture.SignInAsync(tenant);
        var before = await _app.AskAsync(token, "procurement/vendor?number=7");
        await _app.Database.ExecuteAsync("update erp.vendors set name = 'Renamed' where tenant_id = $1 and number = 7", tenant);
        Assert.Equal("Vendor 0007", before.GetProperty("data").GetProperty("name").GetString());
        Assert.True((await _app.AskAsync(token, "procurement/vendor?number=7")).FromCache());

        using (
            var told = await _app.PostAsync(
                await fixture.SignInAsync(null, "admin"),
                "/api/admin/cache/events",
                $$"""{"event":"VENDOR_UPDATED","tenantId":"{{tenant}}"}"""
            )
        )
            Assert.True(told.IsSuccessStatusCode);

        var after = await _app.AskAsync(token, "procurement/vendor?number=7");
        Assert.Equal((false, "Renamed"), (after.FromCache(), after.GetProperty("data").GetProperty("name").GetString()));
        using var none = await _app.GetAsync("/api/reference/procurement/vendor?number=501", token, Ct);
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
    }

    private static decimal Number(JsonElement line, string name) => decimal.Parse(line.GetProperty(name).GetString()!);
}
