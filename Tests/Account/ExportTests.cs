using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using Overnight.Api.Account;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Pipeline;
using Overnight.Tests.Sessions;

namespace Overnight.Tests.Account;

/// <summary>SPEC P4, C8: all own data as a ZIP of JSON and CSV, and nobody else's.</summary>
public sealed class ExportTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task P4_Export_HasAllThatIsTheUsersAndNothingOfOthers()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 2, Ct);
        var run = await night.RunAsync(Ct);
        // Behind a real server, which refuses writes that wait.
        await using ApiApp app = new(night.DatabaseConnection, night.CacheConnection, isListening: true);
        var users = await night.ScalarAsync<Guid[]>("select array(select user_id from current_results order by user_id)", Ct);
        var (user, other) = (users[0], users[1]);
        var (token, _) = (await app.Database.AddSessionAsync(user), await app.Database.AddSessionAsync(other));
        var (_, admin) = await app.Database.SignInAsync("admin");
        foreach (var one in users)
        {
            await app.Database.ExecuteAsync("update users set display_name = $2 where id = $1", one, $"=Name of {one}");
            await app.GetAsync($"/api/calculations/{run.Id}/{one}", admin, Ct);
            await app.PostAsync($"/api/admin/users/{one}/unban", token: admin);
        }

        using var answer = await app.GetAsync("/api/account/export", token, Ct);

        Assert.Equal((HttpStatusCode.OK, "application/zip"), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        Assert.Matches("^overnight-[0-9-]{10}\\.zip$", answer.Content.Headers.ContentDisposition?.FileName);
        var files = await FilesAsync(await answer.Content.ReadAsByteArrayAsync(Ct));
        string[] tables = ["account", "markets", "portfolio", "classes", "holdings", "criteria", "sessions", "reads", "actions"];
        var result = $"{run.BusinessDate:yyyy-MM-dd}_{run.Id}";
        Assert.Equal(
            tables
                .SelectMany(name => new[] { $"{name}.json", $"{name}.csv" })
                .Concat([$"results/{result}.json", $"results/{result}.portfolio.json", "results.csv", $"calculations/{result}.json"]),
            files.Keys
        );
        foreach (var (name, text) in files)
            Assert.False(text.Contains($"{other}", StringComparison.OrdinalIgnoreCase), $"{name} has another user.");
        Assert.All(tables, name =>
        {
            var rows = JsonElement.Parse(files[$"{name}.json"]).GetArrayLength();
            Assert.True(rows > 0, name);
            Assert.True(files[$"{name}.csv"].Split("\r\n").Length >= rows + 2, name);
        });
        (string Name, string Table)[] counted =
        [
            ("markets", "user_markets"),
            ("portfolio", "portfolios"),
            ("classes", "asset_classes"),
            ("holdings", "holdings"),
            ("criteria", "criteria_versions"),
            ("sessions", "sessions"),
            ("reads", "result_reads"),
        ];
        foreach (var (name, table) in counted)
        {
            var own = await night.ScalarAsync<int>($"select count(*)::int from {table} where user_id = $1", Ct, user);
            Assert.Equal((name, own), (name, JsonElement.Parse(files[$"{name}.json"]).GetArrayLength()));
        }
        Assert.Equal(
            ["unban", "export"],
            JsonElement.Parse(files["actions.json"]).EnumerateArray().Select(row => row.GetProperty("action").GetString())
        );
        Assert.Equal($"=Name of {user}", JsonElement.Parse(files["account.json"])[0].GetProperty("displayName").GetString());
        Assert.Contains($",'=Name of {user},", files["account.csv"]);
        var stored = await night.ScalarAsync<byte[]>("select recommendations from calculation_results where user_id = $1", Ct, user);
        Assert.Equal(Encoding.UTF8.GetString(stored), files[$"results/{result}.json"]);
        var recommended = JsonElement.Parse(stored).GetProperty("recommendations").EnumerateArray().ToList();
        Assert.Equal(recommended.Count + 2, files["results.csv"].Split("\r\n").Length);
        Assert.Contains(
            $",{recommended[0].GetProperty("symbol").GetString()},{recommended[0].GetProperty("score").GetString()},",
            files["results.csv"]
        );
        Assert.Equal(4, JsonElement.Parse(files[$"calculations/{result}.json"]).GetProperty("events").GetArrayLength());
    }

    /// <summary>SPEC D2: results in more months than a page has.</summary>
    [Fact]
    public async Task P4_Export_OfManyResults_HasEach()
    {
        await using ApiApp app = new(await servers.CreateDatabaseAsync(Ct), await servers.CacheConnectionStringAsync(Ct));
        var (user, token) = await app.Database.SignInAsync();
        for (var month = 1; month <= 12; month++)
        {
            for (var time = 0; time < 4; time++)
                await app.Database.AddResultAsync(user, TestResults.Entry(user), $"2026-{month:D2}-01");
        }

        using var answer = await app.GetAsync("/api/account/export", token, Ct);

        var files = await FilesAsync(await answer.Content.ReadAsByteArrayAsync(Ct));
        Assert.Equal(96, files.Keys.Count(name => name.StartsWith("results/", StringComparison.Ordinal)));
        Assert.Equal(48 + 2, files["results.csv"].Split("\r\n").Length);
    }

    [Fact]
    public async Task P4_ExportThatCanNotBeRecorded_IsNotBegun()
    {
        await using ApiApp app = new(await servers.CreateDatabaseAsync(Ct), await servers.CacheConnectionStringAsync(Ct));
        var (_, token) = await app.Database.SignInAsync();
        await app.Database.ExecuteAsync("alter table action_log rename to action_log_away");

        using var answer = await app.GetAsync("/api/account/export", token, Ct);

        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.True((int)answer.StatusCode >= 500);
    }

    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("+1", "'+1")]
    [InlineData("-1", "'-1")]
    [InlineData("@a", "'@a")]
    [InlineData("\ta", "'\ta")]
    [InlineData("\ra", "\"'\ra\"")]
    [InlineData("a=b", "a=b")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("say \"a\"", "\"say \"\"a\"\"\"")]
    [InlineData("a\r\nb", "\"a\r\nb\"")]
    [InlineData("=\"a\",b", "\"'=\"\"a\"\",b\"")]
    [InlineData("", "")]
    [InlineData(null, "")]
    public void C8_Csv_OfAnyText_IsOneFieldAndNoFormula(string? text, string field) =>
        Assert.Equal($"{field},-1.5000\r\n", Encoding.UTF8.GetString(new CsvLines().Text(text).Plain("-1.5000").End().Take()));

    private static async Task<Dictionary<string, string>> FilesAsync(byte[] bytes)
    {
        await using ZipArchive zip = new(new MemoryStream(bytes));
        Dictionary<string, string> files = [];
        foreach (var entry in zip.Entries)
        {
            using StreamReader reader = new(await entry.OpenAsync(Ct), Encoding.UTF8);
            files.Add(entry.FullName, await reader.ReadToEndAsync(Ct));
        }
        return files;
    }
}
