using System.CommandLine;
using Npgsql;
using Overnight.Jobs.Commands;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Input;

public sealed class CommandLineTests(TestServers servers)
{
    private const string Secret = "s3cret-of-mine";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("", "ConnectionStrings:overnight is not set")]
    [InlineData("Hots=127.0.0.1;Password=" + Secret, "ConnectionStrings:overnight can't be read: Couldn't set hots")]
    [InlineData("Password=" + Secret, "ConnectionStrings:overnight names no Host")]
    [InlineData(
        "Host=127.0.0.1;Port=1;Database=there;Password=" + Secret,
        "PostgreSQL at 127.0.0.1:1 can't be reached (database \"there\")"
    )]
    [InlineData(
        "Host=no-such-host.invalid;Database=there;Password=" + Secret,
        "PostgreSQL at no-such-host.invalid:5432 can't be reached (database \"there\")"
    )]
    public async Task Command_WithUnusableConnectionString_SaysWhatIsWrong(string connectionString, string expected)
    {
        var command = await JobsCommand.RunAsync(servers, connectionString, Ct, "seed", "--users", "1");

        AssertExplained(command, expected);
    }

    [Fact]
    public async Task Command_WithWrongPasswordOrDatabase_SaysWhatIsWrong()
    {
        NpgsqlConnectionStringBuilder right = new(await servers.CreateEmptyDatabaseAsync(Ct));
        NpgsqlConnectionStringBuilder password = new(right.ConnectionString) { Password = Secret };
        NpgsqlConnectionStringBuilder database = new(right.ConnectionString) { Database = "nowhere" };

        var refused = await JobsCommand.RunAsync(servers, password.ConnectionString, Ct, "seed", "--users", "1");
        var unknown = await JobsCommand.RunAsync(servers, database.ConnectionString, Ct, "seed", "--users", "1");
        var empty = await JobsCommand.RunAsync(servers, right.ConnectionString, Ct, "seed", "--users", "1");

        AssertExplained(
            refused,
            $"PostgreSQL at 127.0.0.1:{right.Port} refused to let user \"{right.Username}\" into database \"{right.Database}\""
        );
        AssertExplained(unknown, $"PostgreSQL at 127.0.0.1:{right.Port} has no database \"nowhere\". Run the command migrate to create it");
        AssertExplained(empty, $"Database \"{right.Database}\" of PostgreSQL at 127.0.0.1:{right.Port} is not up to date");
        Assert.DoesNotContain(right.Password!, unknown.Error + empty.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_OfABadFile_FailsWithoutAStackTrace()
    {
        var file = Path.Combine(await servers.CreateFolderAsync(), "rates.csv");
        await File.WriteAllTextAsync(file, "Date,Country,Exchange rate\n2026-06-01,Japan,yen\n2026-06-01,Canada,1.4\n", Ct);
        var connectionString = await servers.CreateDatabaseAsync(Ct);

        var refused = await JobsCommand.RunAsync(servers, connectionString, Ct, "import", "rates", file);
        var skipped = await JobsCommand.RunAsync(servers, connectionString, Ct, "import", "rates", file, "--skip-bad-rows");

        AssertExplained(refused, $"{file}: nothing was imported, because 1 row is bad.", CommandLine.Failed);
        Assert.Contains("line 2, column \"Exchange rate\": \"yen\" is not a number", refused.Error, StringComparison.Ordinal);
        Assert.Equal((0, ""), (skipped.ExitCode, skipped.Error));
        Assert.Contains("1 bad row skipped.", skipped.Output, StringComparison.Ordinal);
        Assert.Contains("2 rows, 1 currency up to 2026-06-01: 1 rate new, 0 changed.", skipped.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("imprt")]
    [InlineData("seed")]
    [InlineData("seed", "--users", "many")]
    [InlineData("import", "companies")]
    [InlineData("import", "companies", "x.csv", "--as-of", "2026-02-30")]
    [InlineData("import", "rates", "x.csv", "--quoting", "sideways")]
    public async Task Arguments_NotUnderstood_AreUsageErrors(params string[] arguments)
    {
        RootCommand root = new() { ImportCommand.Create(), SeedCommand.Create() };
        await using StringWriter output = new(),
            error = new();

        var exitCode = await CommandLine.RunAsync(root, arguments, output, error, Ct);

        Assert.Equal(CommandLine.Usage, exitCode);
        Assert.EndsWith($"Add --help to see the commands and options.{Environment.NewLine}", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("warm --tenant moon", "--tenant must be an id (8-4-4-4-12 hexadecimal digits), not 'moon'.")]
    [InlineData("warm --count many", "--count must be a whole number, not 'many'.")]
    [InlineData("warm --count 0", "--count must be at least 1, not 0.")]
    [InlineData("warm --trigger moon", "--trigger must be manual or deployment, not 'moon'.")]
    [InlineData("retry 17", "RUN must be an id (8-4-4-4-12 hexadecimal digits), not '17'.")]
    [InlineData("seed --users many", "--users must be a whole number, not 'many'.")]
    [InlineData("seed --users 1 --seed x", "--seed must be a whole number, not 'x'.")]
    [InlineData("seed --users 1 --holdings 1.5", "--holdings must be a whole number, not '1.5'.")]
    [InlineData("import rates x.csv --quoting sideways", "--quoting must be units-per-dollar or noted, not 'sideways'.")]
    [InlineData("import", "import needs one of its commands: companies, rates.")]
    [InlineData("user", "user needs one of its commands: password.")]
    [InlineData("cache", "cache needs one of its commands: stats, show, invalidate.")]
    [InlineData("run --again perhaps", "Unrecognized command or argument 'perhaps'.")]
    [InlineData("calculate --input", "Required argument missing for option: '--input'.")]
    [InlineData("calculate --input /nowhere.jsonl", "--input: there is no file /nowhere.jsonl.")]
    public async Task Argument_ThatCantBe_IsNamedWithItsValue(string arguments, string message)
    {
        RootCommand root = new()
        {
            ImportCommand.Create(),
            SeedCommand.Create(),
            RunCommand.Create(),
            RetryCommand.Create(),
            CalculateCommand.Create(),
            WarmCommand.Create(),
            CacheCommand.Create(),
            UserCommand.Create(),
        };
        await using StringWriter output = new(),
            error = new();

        var exitCode = await CommandLine.RunAsync(root, arguments.Split(' '), output, error, Ct);

        Assert.Equal((CommandLine.Usage, ""), (exitCode, output.ToString()));
        Assert.Equal(message, error.ToString().Split(Environment.NewLine)[0]);
    }

    [Fact]
    public async Task Command_Cancelled_ExitsAsInterrupted()
    {
        Command endless = new("endless");
        endless.SetAction(async (_, token) => await Task.Delay(Timeout.InfiniteTimeSpan, token));
        RootCommand root = new() { endless };
        await using StringWriter output = new(),
            error = new();
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Ct);

        var running = CommandLine.RunAsync(root, ["endless"], output, error, cancel.Token);
        await cancel.CancelAsync();

        Assert.Equal(CommandLine.Cancelled, await running);
    }

    private static void AssertExplained(JobsCommand command, string expected, int exitCode = CommandLine.Usage)
    {
        Assert.Equal(exitCode, command.ExitCode);
        Assert.Contains(expected, command.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", command.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, command.Error + command.Output, StringComparison.Ordinal);
    }
}
