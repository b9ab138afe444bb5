using Overnight.Api.Explanations;
using Overnight.Api.Sessions;
using Overnight.Core.Actions;
using Overnight.Core.Caching;
using Overnight.Core.Results;
using Overnight.Jobs.Erasures;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Explanations;
using Overnight.Tests.Flags;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Erasures;

/// <summary>SPEC D5: what a node of the API has of an erased user in memory, and in the file that it writes.</summary>
public sealed class ErasureNodeTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task D5_CopyOnDisk_OfAnotherNode_HasNoSessionOfTheUser()
    {
        var folder = await servers.CreateFolderAsync();
        Dictionary<string, string> settings = new(StringComparer.Ordinal)
        {
            ["Flags:CopyDirectory"] = folder,
            ["Flags:Environment"] = TestFlags.NewEnvironment(),
            ["Cache:BeatInterval"] = "00:00:00.2",
        };
        var (database, cache) = (await servers.CreateDatabaseAsync(Ct), await servers.CacheConnectionStringAsync(Ct));
        string stays,
            goes;
        Guid user;
        await using (ApiApp app = new(database, cache, settings: settings))
        {
            (_, stays) = await app.Database.SignInAsync();
            (user, goes) = await app.Database.SignInAsync();
            await app.Database.AddFlagAsync(settings["Flags:Environment"], "new-page");
            foreach (var token in (string[])[stays, goes])
                await app.FlagAsync("new-page", token);
            var owners = app.Get<TokenOwners>();
            Assert.True(owners.WasValid(TestPeople.Hash(goes), TimeProvider.System.GetUtcNow()));

            // By another process, which tells this one by the channel alone.
            await using ApiApp other = new(database, cache);
            await ListensAsync(app);
            await EraseAsync(other, user);
            await Eventually.TrueAsync(
                () => !owners.WasValid(TestPeople.Hash(goes), TimeProvider.System.GetUtcNow()),
                "the node forgets the session"
            );
        }

        // A node writes its copy once more when it stops.
        var copy = await File.ReadAllTextAsync(Assert.Single(Directory.GetFiles(folder)), Ct);
        Assert.Contains(TestPeople.Hash(stays), copy, StringComparison.Ordinal);
        Assert.DoesNotContain(TestPeople.Hash(goes), copy, StringComparison.Ordinal);
        Assert.DoesNotContain($"{user}", copy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task D5_SearchesThatANodeRemembers_AreForgottenWithTheUser()
    {
        await using var night = await ExplanationNight.CreateAsync(
            servers,
            settings: new Dictionary<string, string>(StringComparer.Ordinal) { ["Cache:BeatInterval"] = "00:00:00.2" }
        );
        var why = $"/api/calculations/{night.Run.Id}/why";
        var holding = (await night.GetAsync(why))["holdings"]![2]!["assetId"]!.GetValue<string>();
        var searches = night.App.Get<ExplanationSearches>();
        await night.GetAsync($"{why}/{holding}");
        Assert.Equal(1, searches.Remembered);

        // A batch of a night changes nothing that was captured before.
        searches.ResultsChanged(Guid.Empty, night.User);
        Assert.Equal(1, searches.Remembered);
        // One that is under way as the user is erased is not remembered either.
        var taken = 0;
        while (await searches.Turns.WaitAsync(0, Ct))
            taken++;
        var other = (await night.GetAsync(why))["holdings"]![3]!["assetId"]!.GetValue<string>();
        var asked = night.GetAsync($"{why}/{other}?user={night.User}", night.AdminToken);
        await Eventually.TrueAsync(() => searches.UnderWay == 1, "the search waits for its turn");
        await ListensAsync(night.App);
        await using ApiApp node = new(night.Night.DatabaseConnection, night.Night.CacheConnection);
        await EraseAsync(node, night.User);
        await Eventually.TrueAsync(() => searches.Remembered == 0, "the node forgets what it found");
        searches.Turns.Release(taken);
        await asked;

        Assert.Equal((0, 0), (searches.UnderWay, searches.Remembered));
    }

    /// <summary>A node that does not listen to the channel yet would not hear of the erasure.</summary>
    private static Task ListensAsync(ApiApp node) =>
        Eventually.TrueAsync(() => node.Get<ResultReader>().Memory.IsEnabled, "the node receives the channel");

    private static async Task EraseAsync(ApiApp node, Guid user)
    {
        UserErasure erasure = new(
            node.Database,
            node.Get<CacheInvalidation>(),
            new ResultInvalidation(node.Database, node.Get<CacheStore>()),
            node.Get<CacheCircuit>(),
            TimeProvider.System
        );
        Assert.NotNull((await erasure.GoOnAsync((await erasure.RequestAsync(user, Actor.Command, Ct))!.Value, Ct))!.CompletedAt);
    }
}
