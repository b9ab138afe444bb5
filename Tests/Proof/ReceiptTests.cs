using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Overnight.Core.Proof;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Input;

namespace Overnight.Tests.Proof;

/// <summary>SPEC D6: what a user takes home is checked without the database, and refused when anything in it was changed.</summary>
public sealed class ReceiptTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task D6_Receipt_OfEveryUser_LeadsToTheRootOfItsRun()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct, runs: 2);
        ReceiptReader reader = new(proof.Night.Database);

        foreach (var run in proof.Runs)
        {
            var root = await proof.Night.ScalarAsync<byte[]>("select root from seals where run_id = $1", Ct, run.Id);
            foreach (var user in await proof.Night.ScalarAsync<Guid[]>("select array(select user_id from portfolios)", Ct))
            {
                var receipt = Receipt.Read((await reader.FindAsync(run.Id, user, Ct))!.ToJson());
                Assert.Equal(root, receipt.ComputeRoot());
                Assert.Equal((user, run.Id, run.BusinessDate), (receipt.UserId, receipt.RunId, receipt.BusinessDate));
                Assert.Equal(receipt.Events.Count == 4, receipt.Result is not null);
            }
        }
        Assert.Null(await reader.FindAsync(proof.Runs[0].Id, Guid.NewGuid(), Ct));
        Assert.Null(await reader.FindAsync(Guid.NewGuid(), Guid.NewGuid(), Ct));
    }

    [Fact]
    public async Task D6_Receipt_IsOfTheUsersOwnCalculation()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct);
        await using ApiApp app = new(proof.Night.DatabaseConnection, proof.Night.CacheConnection);
        var run = proof.Runs[0].Id;
        var users = await proof.Night.ScalarAsync<Guid[]>("select array(select user_id from calculation_results order by 1)", Ct);

        foreach (var user in users.Take(2))
        {
            using var answer = await app.GetAsync($"/api/calculations/{run}/receipt", await app.Database.AddSessionAsync(user), Ct);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal(
                $"overnight-receipt-{proof.Runs[0].BusinessDate:yyyy-MM-dd}.json",
                answer.Content.Headers.ContentDisposition?.FileName
            );
            var receipt = Receipt.Read(await answer.Content.ReadAsByteArrayAsync(Ct));
            Assert.Equal(user, receipt.UserId);
            Assert.Contains($"{user}", receipt.Result!.Recommendations, StringComparison.Ordinal);
        }
        var (_, stranger) = await app.Database.SignInAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await app.GetAsync($"/api/calculations/{run}/receipt", stranger, Ct)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await app.GetAsync("/api/calculations/x/receipt", stranger, Ct)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.GetAsync($"/api/calculations/{run}/receipt", null, Ct)).StatusCode);

        // A result that was changed gets no receipt that looks as if it were one.
        await proof.Night.ExecuteAsync("update calculation_results set portfolio = portfolio || '\\x20' where user_id = $1", Ct, users[0]);
        using var changed = await app.GetAsync($"/api/calculations/{run}/receipt", await app.Database.AddSessionAsync(users[0]), Ct);
        Assert.Equal(HttpStatusCode.InternalServerError, changed.StatusCode);
        Assert.Contains("not what was sealed", await changed.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);
    }

    [Fact]
    public async Task D6_Roots_ArePublishedToEverybody()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct, runs: 3);
        await using ApiApp app = new(proof.Night.DatabaseConnection, proof.Night.CacheConnection);

        List<(long Number, string Root)> found = [];
        string? cursor = null;
        do
        {
            using var answer = await app.GetAsync($"/api/roots?limit=2{(cursor is null ? "" : $"&cursor={cursor}")}", null, Ct);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            var page = JsonElement.Parse(await answer.Content.ReadAsStringAsync(Ct));
            found.AddRange(
                page.GetProperty("items")
                    .EnumerateArray()
                    .Select(i => (i.GetProperty("sequence").GetInt64(), i.GetProperty("root").GetString()!))
            );
            cursor = page.GetProperty("nextCursor").GetString();
        } while (cursor is not null);

        Assert.Equal([3L, 2L, 1L], found.Select(f => f.Number));
        Assert.Equal(
            await proof.Night.ScalarAsync<string[]>("select array(select encode(root, 'hex') from seals order by seq desc)", Ct),
            found.Select(f => f.Root)
        );
        Assert.Equal(HttpStatusCode.BadRequest, (await app.GetAsync("/api/roots?limit=0", null, Ct)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await app.GetAsync("/api/roots?cursor=x", null, Ct)).StatusCode);
    }

    [Fact]
    public async Task D6_Command_VerifiesAReceiptWithoutADatabase()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct);
        var user = await proof.Night.ScalarAsync<Guid>("select user_id from calculation_results order by 1 limit 1", Ct);
        var receipt = (await new ReceiptReader(proof.Night.Database).FindAsync(proof.Runs[0].Id, user, Ct))!;
        var folder = await servers.CreateFolderAsync();
        var (whole, changed) = (Path.Combine(folder, "whole.json"), Path.Combine(folder, "changed.json"));
        await File.WriteAllBytesAsync(whole, receipt.ToJson(), Ct);
        var json = JsonNode.Parse(receipt.ToJson())!;
        var result = json["result"]!["recommendations"]!.GetValue<string>();
        var amount = result.IndexOf("\"amount\":\"", StringComparison.Ordinal) + "\"amount\":\"".Length;
        json["result"]!["recommendations"] = string.Concat(result.AsSpan(0, amount), "9", result.AsSpan(amount));
        await File.WriteAllTextAsync(changed, json.ToJsonString(), Ct);

        var right = await VerifyAsync("--receipt", whole, "--root", receipt.Root.ToUpperInvariant());
        var wrong = await VerifyAsync("--receipt", changed, "--root", receipt.Root);
        var unanchored = await VerifyAsync("--receipt", whole);
        var unlike = await VerifyAsync("--receipt", changed);

        Assert.Equal((0, ""), (right.ExitCode, right.Error));
        Assert.Contains($"Receipt of user {user} in run {proof.Runs[0].Id}", right.Output, StringComparison.Ordinal);
        Assert.EndsWith("as they were sealed.\n", right.Output, StringComparison.Ordinal);
        Assert.Equal(3, wrong.ExitCode);
        Assert.Contains("That is not the root given", wrong.Output, StringComparison.Ordinal);
        Assert.Equal(0, unanchored.ExitCode);
        Assert.Contains($"It leads to root {receipt.Root}.", unanchored.Output, StringComparison.Ordinal);
        Assert.Contains("Not anchored", unanchored.Output, StringComparison.Ordinal);
        Assert.Equal(3, unlike.ExitCode);

        Task<JobsCommand> VerifyAsync(params string[] arguments) => JobsCommand.RunAsync(servers, null, Ct, ["verify", .. arguments]);
    }

    /// <summary>
    /// Every value of a receipt is part of its leaf or of its path, but for those that only name the root it must lead to.
    /// </summary>
    [Fact]
    public async Task D6_AnyChangedValue_LeadsElsewhereOrIsRefused()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct);
        var user = await proof.Night.ScalarAsync<Guid>("select user_id from calculation_results order by 1 limit 1", Ct);
        var receipt = (await new ReceiptReader(proof.Night.Database).FindAsync(proof.Runs[0].Id, user, Ct))!;
        var root = receipt.ComputeRoot();

        var changed = 0;
        foreach (var path in Values(JsonNode.Parse(receipt.ToJson())!).Select(value => value.GetPath()).ToList())
        {
            if (path is "$.root" or "$.seal")
                continue;
            var copy = JsonNode.Parse(receipt.ToJson())!;
            var value = Values(copy).Single(one => one.GetPath() == path);
            value.ReplaceWith(Changed(value));
            changed++;
            try
            {
                Assert.False(Receipt.Read(Encoding.UTF8.GetBytes(copy.ToJsonString())).ComputeRoot().AsSpan().SequenceEqual(root), path);
            }
            catch (InvalidDataException)
            {
                // Refused, which is as good.
            }
        }
        Assert.InRange(changed, 25, 100);
    }

    [Theory]
    [InlineData("", "not a receipt")]
    [InlineData("null", "not a receipt")]
    [InlineData("[]", "not a receipt")]
    [InlineData("{}", "not a receipt")]
    [InlineData("{\"format\":\"x\"", "not a receipt")]
    public void D6_NoReceipt_IsRefused(string json, string message) =>
        Assert.Contains(
            message,
            Assert.Throws<InvalidDataException>(() => Receipt.Read(Encoding.UTF8.GetBytes(json))).Message,
            StringComparison.Ordinal
        );

    /// <summary>The file may come from anybody.</summary>
    [Fact]
    public async Task D6_AnyValueThatIsNullOrCut_IsRefusedOrLeadsElsewhere()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct);
        var user = await proof.Night.ScalarAsync<Guid>("select user_id from calculation_results order by 1 limit 1", Ct);
        var receipt = (await new ReceiptReader(proof.Night.Database).FindAsync(proof.Runs[0].Id, user, Ct))!;
        var root = receipt.ComputeRoot();

        foreach (var path in Nodes(JsonNode.Parse(receipt.ToJson())!).Select(node => node.GetPath()).Where(path => path != "$").ToList())
        {
            var copy = JsonNode.Parse(receipt.ToJson())!;
            Nodes(copy).Single(node => node.GetPath() == path).ReplaceWith<JsonNode?>(null);
            AssertElsewhere(copy, path);
        }
        for (var length = 0; length < receipt.Events[0].Payload.Length; length++)
        {
            var copy = JsonNode.Parse(receipt.ToJson())!;
            copy["events"]![0]!["payload"] = Convert.ToBase64String(receipt.Events[0].Payload.AsSpan(0, length));
            AssertElsewhere(copy, $"{length} bytes");
        }
        var gap = JsonNode.Parse(receipt.ToJson())!;
        gap["events"]!.AsArray().Add(null);
        Assert.Equal(
            "events[4] must not be null.",
            Assert.Throws<InvalidDataException>(() => Receipt.Read(Encoding.UTF8.GetBytes(gap.ToJsonString()))).Message
        );

        void AssertElsewhere(JsonNode changed, string what)
        {
            try
            {
                Assert.False(Receipt.Read(Encoding.UTF8.GetBytes(changed.ToJsonString())).ComputeRoot().AsSpan().SequenceEqual(root), what);
            }
            catch (InvalidDataException)
            {
                // Refused, which is as good.
            }
        }
    }

    [Fact]
    public async Task D6_Command_BadArguments_AreNamed()
    {
        var file = Path.Combine(await servers.CreateFolderAsync(), "file.json");
        await File.WriteAllTextAsync(file, "{}", Ct);

        foreach (
            var (arguments, exit, message) in new (string[], int, string)[]
            {
                (["--receipt", file + ".none"], 1, "--receipt: "),
                (["--receipt", file], 3, "It is not a receipt"),
                (["--receipt", file, "--root", "abc"], 1, "--root must be 64 hexadecimal digits, not 'abc'."),
                (["--root", new string('a', 64)], 1, "--root needs --receipt."),
                (["--receipt", file, "--all"], 1, "--receipt excludes --run and --all."),
            }
        )
        {
            var answer = await JobsCommand.RunAsync(servers, null, Ct, ["verify", .. arguments]);
            Assert.Equal((exit, true), (answer.ExitCode, answer.Error.Contains(message, StringComparison.Ordinal)));
        }
    }

    private static IEnumerable<JsonValue> Values(JsonNode node) => Nodes(node).OfType<JsonValue>();

    /// <summary>The node and all in it.</summary>
    private static IEnumerable<JsonNode> Nodes(JsonNode node) =>
        node switch
        {
            JsonObject fields => fields.SelectMany(field => field.Value is null ? [] : Nodes(field.Value)).Prepend(node),
            JsonArray items => items.SelectMany(item => item is null ? [] : Nodes(item)).Prepend(node),
            _ => [node],
        };

    private static JsonNode Changed(JsonValue value)
    {
        if (value.TryGetValue<int>(out var number))
            return number + 1;
        var text = value.GetValue<string>();
        if (value.GetPath().EndsWith("payload", StringComparison.Ordinal))
            return $"{text[..4]}{(text[4] == 'A' ? 'B' : 'A')}{text[5..]}";
        // The first digit of an id, time, hash or text.
        var at = text.AsSpan().IndexOfAnyInRange('0', '8');
        at = at < 0 ? text.Length - 1 : at;
        return $"{text[..at]}{(char)(text[at] + 1)}{text[(at + 1)..]}";
    }
}
