using Npgsql;
using Overnight.Core.Actions;
using Overnight.Jobs.Proof;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Input;
using Overnight.Tests.Sessions;

namespace Overnight.Tests.Erasures;

/// <summary>SPEC D5: a backup from before an erasure has the user again, until the list of erasures is applied to it.</summary>
public sealed class ErasureReplayTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task D5_ListAppliedToARestoredBackup_ErasesTheSameUsersAgainUnderTheSameIds()
    {
        await using var night = await ErasureNight.CreateAsync(servers, runs: 1);
        var users = await night.Night.ScalarAsync<Guid[]>("select array(select user_id from calculation_results order by 1 limit 3)", Ct);
        var erasure = night.Erasure();
        // Before the backup, which therefore does not have this user.
        var first = (await erasure.RequestAsync(users[0], Actor.Command, Ct))!.Value;
        await erasure.GoOnAsync(first, Ct);
        var backup = await CopyAsync(night.Night.DatabaseConnection, night.Night.Database);
        List<string> texts = [];
        List<Guid> ids = [first];
        foreach (var user in users[1..])
        {
            texts.AddRange(await night.TextsOfAsync(user));
            ids.Add((await erasure.RequestAsync(user, Actor.Command, Ct))!.Value);
            await erasure.GoOnAsync(ids[^1], Ct);
        }

        var list = await EraseAsync(night.Night.DatabaseConnection, "--list");
        Assert.Equal((0, ""), (list.ExitCode, list.Error));
        Assert.Equal(
            ids,
            list.Output.Split('\n').Where(line => line.Length > 0 && line[0] != '#').Select(line => Guid.Parse(line.Split(' ')[0]))
        );
        Assert.All(texts, text => Assert.DoesNotContain(text, list.Output, StringComparison.OrdinalIgnoreCase));
        var file = Path.Combine(await servers.CreateFolderAsync(), "erasures.txt");
        await File.WriteAllTextAsync(file, list.Output, Ct);
        await using var restored = NpgsqlDataSource.Create(backup);
        Assert.Equal(2, await UsersAsync());

        var replayed = await EraseAsync(backup, "--replay", file);

        Assert.Equal((0, ""), (replayed.ExitCode, replayed.Error));
        Assert.StartsWith("3 erasures in the list; in the database: 2 users of them.\n", replayed.Output, StringComparison.Ordinal);
        Assert.All(ids[1..], id => Assert.Contains($"Erasure {id} is completed", replayed.Output, StringComparison.Ordinal));
        Assert.Equal(0, await UsersAsync());
        Assert.Equal(0, await restored.ScalarAsync<long>("select count(*) from calculation_events where user_id = any ($1)", users));
        await using (var connection = await restored.OpenConnectionAsync(Ct))
            Assert.Empty((await new ProofVerifier(connection).VerifyAsync(null, null, Ct))!.Faults);
        // Applied once more it finds nobody.
        Assert.StartsWith(
            "3 erasures in the list; in the database: 0 users of them.",
            (await EraseAsync(backup, "--replay", file)).Output,
            StringComparison.Ordinal
        );

        Task<long> UsersAsync() => restored.ScalarAsync<long>("select count(*) from users where id = any ($1)", users);

        Task<JobsCommand> EraseAsync(string database, params string[] arguments) =>
            JobsCommand.RunAsync(servers, database, ["erase", .. arguments], night.Night.CacheConnection, null, Ct);
    }

    [Fact]
    public async Task D5_ListWithTheLastAdministrator_ErasesTheOthersAndSaysSo()
    {
        var database = await servers.CreateDatabaseAsync(Ct);
        await using var source = NpgsqlDataSource.Create(database);
        var (admin, user) = (await source.AddUserAsync("admin"), await source.AddUserAsync("user"));
        var file = Path.Combine(await servers.CreateFolderAsync(), "erasures.txt");
        await File.WriteAllLinesAsync(
            file,
            await source.ScalarAsync<string[]>(
                "select array(select gen_random_uuid() || ' 2026-11-20T12:00:00Z ' || encode(sha256('\\x05'::bytea || uuid_send(id)), 'hex') from users order by role)"
            ),
            Ct
        );

        var replayed = await JobsCommand.RunAsync(servers, database, Ct, "erase", "--replay", file);

        Assert.Equal(3, replayed.ExitCode);
        Assert.Contains($"User {admin} is the last administrator", replayed.Output, StringComparison.Ordinal);
        Assert.Equal([admin], await source.ScalarAsync<Guid[]>("select array(select id from users)"));
        Assert.Equal(0, await source.ScalarAsync<long>("select count(*) from users where id = $1 or deleted_at is not null", user));
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("019a0000-0000-7000-8000-000000000001 2026-11-20T12:00:00Z 0011")]
    [InlineData("019a0000-0000-7000-8000-000000000001 yesterday 5e1c5e1c5e1c5e1c5e1c5e1c5e1c5e1c5e1c5e1c5e1c5e1c5e1c5e1c5e1c5e1c")]
    public async Task D5_ListWithABadLine_IsRefusedBeforeAnybodyIsErased(string line)
    {
        var database = await servers.CreateDatabaseAsync(Ct);
        await using var source = NpgsqlDataSource.Create(database);
        await source.AddUserAsync("user");
        var file = Path.Combine(await servers.CreateFolderAsync(), "erasures.txt");
        var good = await source.ScalarAsync<string>(
            "select gen_random_uuid() || ' 2026-11-20T12:00:00Z ' || encode(sha256('\\x05'::bytea || uuid_send(id)), 'hex') from users"
        );
        await File.WriteAllLinesAsync(file, (string[])["# a list", good, line], Ct);

        var refused = await JobsCommand.RunAsync(servers, database, Ct, "erase", "--replay", file);

        Assert.Equal(1, refused.ExitCode);
        Assert.StartsWith($"--replay: line 3 of {file} is no erasure.", refused.Error, StringComparison.Ordinal);
        Assert.Equal(1, await source.ScalarAsync<long>("select count(*) from users where deleted_at is null"));
    }

    /// <returns>The connection string of a copy, as of a backup that was restored.</returns>
    private async Task<string> CopyAsync(string database, NpgsqlDataSource connections)
    {
        // Nobody may be connected to what is copied.
        connections.Clear();
        NpgsqlConnectionStringBuilder text = new(database);
        var copy = $"{text.Database}_restored";
        await using var administrator = NpgsqlDataSource.Create(await servers.CreateEmptyDatabaseAsync(Ct));
        await administrator.ExecuteAsync($"create database {copy} template {text.Database} owner {text.Username}");
        text.Database = copy;
        return text.ConnectionString;
    }
}
