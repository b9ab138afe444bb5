using System.Net;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Input;

namespace Overnight.Tests.Sessions;

/// <summary>jobs user password: the way to a password, which is never an argument.</summary>
public sealed class PasswordCommandTests(ApiFixture fixture, TestServers servers) : IClassFixture<ApiFixture>
{
    private readonly ApiApp _app = fixture.App;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Password_FromStandardInputOrAFile_SignsInAndEndsOlderSessions()
    {
        var user = await _app.Database.AddUserAsync();
        var email = $"{user:N}@test.example";
        var session = await _app.Database.AddSessionAsync(user);
        Assert.Equal(HttpStatusCode.NotFound, await _app.StatusAsync(session));

        var typed = await RunAsync("a password of mine\n", email.ToUpperInvariant());

        Assert.True(typed.Code == 0, typed.Error);
        Assert.Contains("1 session ended.", typed.Output);
        Assert.Equal(HttpStatusCode.Unauthorized, await _app.StatusAsync(session));
        using (var answer = await _app.SignInAsync(email, "a password of mine"))
            Assert.Equal(HttpStatusCode.Created, answer.StatusCode);

        var file = Path.Combine(await servers.CreateFolderAsync(), "password");
        await File.WriteAllTextAsync(file, "another password\r\n", Ct);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var filed = await RunAsync("", email, "--file", file);
        Assert.True(filed.Code == 0, filed.Error);
        using (var old = await _app.SignInAsync(email, "a password of mine"))
            Assert.Equal(HttpStatusCode.Unauthorized, old.StatusCode);
        using (var answer = await _app.SignInAsync(email, "another password"))
            Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.DoesNotContain("password of mine", typed.Output + typed.Error + filed.Output + filed.Error);
    }

    [Fact]
    public async Task Password_ThatCanNotBe_SaysWhyAndChangesNothing()
    {
        var email = $"{await _app.Database.AddUserAsync():N}@test.example";
        var file = Path.Combine(await servers.CreateFolderAsync(), "password");
        await File.WriteAllTextAsync(file, "a password of mine", Ct);

        (string Input, string[] Arguments, string Words)[] cases =
        [
            ("too short\n", [email], "must have 12 to 256 characters, and this one has 9"),
            ("1Q2w3e4r5t6y\n", [email], "one of the 10,000 most common ones"),
            ("\n", [email], "no password in standard input"),
            ("", [email], "no password in standard input"),
            ("a password of mine\n", ["nobody"], "EMAIL must be an e-mail address"),
            ("a password of mine\n", [$"{Guid.NewGuid():N}@test.example"], "EMAIL: there is no user with the e-mail address"),
            ("", [email, "--file", file + ".not"], "can't be read"),
        ];
        foreach (var (input, arguments, words) in cases)
        {
            var refused = await RunAsync(input, arguments);
            Assert.Equal(1, refused.Code);
            Assert.Contains(words, refused.Error);
        }
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
            var refused = await RunAsync("", email, "--file", file);
            Assert.Equal(1, refused.Code);
            Assert.Contains("its mode must be 0600, and is 0640", refused.Error);
        }
        Assert.Equal(1, (await RunAsync("", email, "a password of mine")).Code);
        Assert.Equal(
            0,
            await _app.Database.ScalarAsync<long>(
                "select count(*) from user_passwords p join users u on u.id = p.user_id where u.email = $1",
                email
            )
        );
    }

    /// <summary>Of an administrator whom an earlier build let belong to a tenant.</summary>
    [Fact]
    public async Task Password_OfAnAdministratorOfATenant_IsRefused()
    {
        var database = await servers.CreateDatabaseAsync(Ct);
        await using var source = Npgsql.NpgsqlDataSource.Create(database);
        var (user, tenant) = await TenantAdministratorTests.AddAsync(source);

        var refused = await JobsCommand.RunAsync(
            servers,
            database,
            ["user", "password", $"{user:N}@test.example"],
            await servers.CacheConnectionStringAsync(Ct),
            "a password of mine\n",
            Ct
        );

        Assert.Equal(1, refused.ExitCode);
        Assert.StartsWith($"{user:N}@test.example is an administrator and belongs to tenant {tenant}: ", refused.Error);
        Assert.Equal(0, await source.ScalarAsync<long>("select count(*) from user_passwords"));
    }

    private async Task<(int Code, string Output, string Error)> RunAsync(string input, params string[] arguments)
    {
        var command = await JobsCommand.RunAsync(
            servers,
            fixture.DatabaseConnection,
            ["user", "password", .. arguments],
            await servers.CacheConnectionStringAsync(Ct),
            input,
            Ct
        );
        return (command.ExitCode, command.Output, command.Error);
    }
}
