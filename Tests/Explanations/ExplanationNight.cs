using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Overnight.Core;
using Overnight.Core.Runs;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Pipeline;

namespace Overnight.Tests.Explanations;

/// <summary>A night that was run over demo users, and the api over it, in which one of them and an administrator are signed in.</summary>
internal sealed class ExplanationNight : IAsyncDisposable
{
    /// <summary>A search ends by what it finds, and not by the clock of a machine that has other work.</summary>
    private static readonly Dictionary<string, string> Patient = new(StringComparer.Ordinal)
    {
        ["Explanations:SearchTimeout"] = "00:01:00",
        ["Explanations:PageWait"] = "00:01:00",
    };

    private ExplanationNight(PipelineFixture night, ApiApp app, PipelineRun run, Guid user, string token, Guid admin, string adminToken)
    {
        (Night, App, Run) = (night, app, run);
        (User, Token, Admin, AdminToken) = (user, token, admin, adminToken);
    }

    public PipelineFixture Night { get; }
    public ApiApp App { get; }
    public PipelineRun Run { get; }
    public Guid User { get; }
    public string Token { get; }
    public Guid Admin { get; }
    public string AdminToken { get; }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static async Task<ExplanationNight> CreateAsync(
        TestServers servers,
        TimeProvider? time = null,
        IReadOnlyDictionary<string, string>? settings = null,
        bool isListening = false
    )
    {
        var night = await PipelineFixture.CreateAsync(servers, 6, Ct);
        var user = await night.ScalarAsync<Guid>("select id from users where role = 'user' order by id offset 2 limit 1", Ct);
        await night.ExecuteAsync("update portfolios set contribution = 1500 where user_id = $1", Ct, user);
        var run = await night.RunAsync(Ct);
        Dictionary<string, string> all = new(Patient, StringComparer.Ordinal);
        foreach (var (key, value) in settings ?? new Dictionary<string, string>(StringComparer.Ordinal))
            all[key] = value;
        ApiApp app = new(night.DatabaseConnection, night.CacheConnection, time, all, isListening: isListening);
        var now = (time ?? TimeProvider.System).GetUtcNow();
        var token = await app.Database.AddSessionAsync(user, now.AddHours(1));
        var admin = await app.Database.AddUserAsync("admin");
        return new(night, app, run, user, token, admin, await app.Database.AddSessionAsync(admin, now.AddHours(1)));
    }

    /// <summary>Runs a night of an earlier day, with a contribution of 1,200 and one share more of each holding.</summary>
    public async Task<PipelineRun> RunBeforeAsync()
    {
        await Night.ExecuteAsync("update portfolios set contribution = 1200 where user_id = $1", Ct, User);
        await Night.ExecuteAsync("update holdings set quantity = quantity + 1 where user_id = $1", Ct, User);
        for (var day = Run.BusinessDate.AddDays(-1); ; day = day.AddDays(-1))
        {
            try
            {
                var (run, _) = await Night.Runs.StartOrJoinAsync("NYSE", day, RunTrigger.Manual, false, Ct);
                await Night.Participant.WorkAsync(run, Ct);
                return run;
            }
            catch (RequestException) when (day > Run.BusinessDate.AddDays(-10))
            {
                // Not a trading day; the day before may be one.
            }
        }
    }

    public async Task<JsonNode> GetAsync(string path, string? token = null, HttpStatusCode status = HttpStatusCode.OK)
    {
        using var answer = await App.GetAsync(path, token ?? Token, Ct);
        return await ReadAsync(answer, status);
    }

    public async Task<JsonNode> AskAsync(string path, string body, string? token = null, HttpStatusCode status = HttpStatusCode.OK) =>
        JsonNode.Parse(await AskBytesAsync(path, body, token, status))!;

    /// <summary>The answer to a what-if, byte for byte.</summary>
    public async Task<byte[]> AskBytesAsync(string path, string body, string? token = null, HttpStatusCode status = HttpStatusCode.OK)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, path)
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token ?? Token);
        using var answer = await App.Http.SendAsync(request, Ct);
        var bytes = await answer.Content.ReadAsByteArrayAsync(Ct);
        Assert.True(answer.StatusCode == status, $"{(int)answer.StatusCode}: {Encoding.UTF8.GetString(bytes)}");
        return bytes;
    }

    /// <summary>The stored result of the user in a run, byte for byte.</summary>
    public Task<byte[]> StoredAsync(Guid run) =>
        Night.ScalarAsync<byte[]>("select recommendations from calculation_results where user_id = $1 and run_id = $2", Ct, User, run);

    /// <summary>Everything that a what-if might store: numbers of rows, and the contents of those that are changed in place.</summary>
    public Task<string> StoredRowsAsync() =>
        Night.ScalarAsync<string>(
            """
            select concat_ws(' ', (select count(*) from calculation_results), (select count(*) from calculation_events),
                (select count(*) from criteria_versions), (select count(*) from market_snapshots), (select count(*) from overnight_job_runs),
                (select count(*) from result_reads), (select count(*) from action_log),
                (select md5(string_agg(p::text, ' ' order by p::text)) from portfolios p),
                (select md5(string_agg(c::text, ' ' order by c::text)) from asset_classes c),
                (select md5(string_agg(h::text, ' ' order by h::text)) from holdings h),
                (select md5(string_agg(r::text, ' ' order by r::text)) from current_results r))
            """,
            Ct
        );

    public Task<long> ReadsAsync() => Night.ScalarAsync<long>("select count(*) from result_reads where user_id = $1", Ct, User);

    private static async Task<JsonNode> ReadAsync(HttpResponseMessage answer, HttpStatusCode status)
    {
        var text = await answer.Content.ReadAsStringAsync(Ct);
        Assert.True(answer.StatusCode == status, $"{(int)answer.StatusCode}: {text}");
        return JsonNode.Parse(text)!;
    }

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        await Night.DisposeAsync();
    }
}
