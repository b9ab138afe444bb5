using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Overnight.Tests.App;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Configuration;

/// <summary>SPEC H: bad configuration stops the start with key, bound and value, in one block on standard error, and exit code 1.</summary>
public sealed class StartupFailureTests(TestServers servers)
{
    private const string Secret = "s3cret-of-mine";

    // Nobody listens there: what is wrong is told before anyone is asked.
    private static readonly (string, string)[] Stores =
    [
        ("ConnectionStrings:overnight", $"Host=127.0.0.1;Port=1;Username=nobody;Password={Secret};Database=none"),
        ("ConnectionStrings:cache", $"127.0.0.1:1,password={Secret}"),
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(ProgramRun.Jobs, "Night:BatchSize", "0", "Night:BatchSize must be between 1 and 5000, and is 0.")]
    [InlineData(ProgramRun.Jobs, "Night:BatchSize", "abc", "Night:BatchSize must be a whole number between 1 and 5000, and is 'abc'.")]
    [InlineData(ProgramRun.Jobs, "Database:MigrateAtStart", "perhaps", "Database:MigrateAtStart must be true or false, and is 'perhaps'.")]
    [InlineData(ProgramRun.Jobs, "Faults:KillAt", "written", "Faults is for Development only; this is Production.")]
    [InlineData(
        ProgramRun.Jobs,
        "Cache:Timeout",
        "soon",
        "Cache:Timeout must be a duration (hh:mm:ss, or days.hh:mm:ss) between 00:00:00.0100000 and 00:00:10, and is 'soon'."
    )]
    [InlineData(
        ProgramRun.Api,
        "Sessions:Lifetime",
        "0",
        "Sessions:Lifetime must be between 00:05:00 and 365.00:00:00, and is 00:00:00 (written as '0')."
    )]
    [InlineData(ProgramRun.Api, "Markets:NYSE:Led", "02:00", "Markets:NYSE:Led is not known. Did you mean Markets:NYSE:Lead?")]
    [InlineData(
        ProgramRun.Api,
        "Logging:LogLevel:Default",
        "loud",
        "Logging:LogLevel:Default must be one of Trace, Debug, Information, Warning, Error, Critical, None, and is 'loud'."
    )]
    [InlineData(
        ProgramRun.Jobs,
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "collector:4317",
        "OTEL_EXPORTER_OTLP_ENDPOINT must be an address such as http://127.0.0.1:4317, and is 'collector:4317'."
    )]
    [InlineData(
        ProgramRun.Api,
        "ConnectionStrings:cache",
        "127.0.0.1:6379,pasword=" + Secret,
        "ConnectionStrings:cache can't be read: Keyword 'pasword' is not supported. (Parameter 'pasword'). Expected is \"host:port,password=..\", and further servers and settings with commas between them."
    )]
    [InlineData(
        ProgramRun.Api,
        "ConnectionStrings:overnight",
        "Host=127.0.0.1;Port=many;Password=" + Secret,
        "ConnectionStrings:overnight can't be read: Couldn't set port (Parameter 'port'): The input string 'many' was not in a correct format. Expected is \"Host=..;Port=..;Username=..;Password=..;Database=..\"."
    )]
    public async Task Service_ConfiguredWrongly_SaysSoInOneBlockAndExitsWithOne(string program, string key, string value, string message)
    {
        var run = await ProgramRun.RunAsync(servers, program, [], Ct, [.. Stores, (key, value)]);

        Assert.Equal(
            [
                "The configuration is wrong:",
                $"  {message}",
                "As environment variables keys have __ for each colon, such as Night__BatchSize.",
                "",
            ],
            run.Error.Split(Environment.NewLine)
        );
        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.DoesNotContain(Secret, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nowhere", "ASPNETCORE_URLS or --urls: Invalid url: 'nowhere'")]
    [InlineData("http://127.0.0.1:99999", "The server can't listen as configured: ")]
    [InlineData("https://127.0.0.1:0", "Kestrel:Certificates")]
    [InlineData(null, "address already in use. Stop the program that listens there")]
    public async Task Service_ThatCanNotListen_SaysSoWithoutAStackTrace(string? address, string words)
    {
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        var run = await ProgramRun.RunAsync(
            servers,
            ProgramRun.Api,
            [],
            Ct,
            [
                .. Stores,
                ("ASPNETCORE_URLS", address ?? $"http://{taken.LocalEndpoint}"),
                .. words.StartsWith("Kestrel", StringComparison.Ordinal)
                    ? (IEnumerable<(string, string)>)[("Kestrel:Certificates:Default:Path", "missing.pfx")]
                    : [],
            ]
        );

        Assert.Equal(1, run.ExitCode);
        Assert.Contains(words, run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Error + run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ProgramRun.Jobs)]
    [InlineData(ProgramRun.Api)]
    public async Task Service_WrongInSeveralSections_SaysAllOfThem(string program)
    {
        var run = await ProgramRun.RunAsync(
            servers,
            program,
            [],
            Ct,
            [
                .. Stores,
                ("Cache:RepairQueue", "0"),
                ("Cache:MemoryBytes", "much"),
                ("Sessions:HashesAtOnce", "-1"),
                ("Markets:NYSE:Lead", "2"),
            ]
        );

        Assert.Equal(1, run.ExitCode);
        Assert.All(
            (string[])
                [
                    "Cache:RepairQueue must be between 1 and 1000000, and is 0.",
                    "Cache:MemoryBytes must be a whole number between 0 and 17179869184, and is 'much'.",
                    "Sessions:HashesAtOnce must be between 1 and 1024, and is -1.",
                    "Markets:NYSE:Lead must be between 00:01:00 and 1.00:00:00, and is '2.00:00:00'.",
                ],
            message => Assert.Contains($"  {message}{Environment.NewLine}", run.Error, StringComparison.Ordinal)
        );
        Assert.DoesNotContain("   at ", run.Error + run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ProgramRun.Jobs)]
    [InlineData(ProgramRun.Api)]
    public async Task Service_WithoutConnections_NamesTheDatabase(string program)
    {
        var run = await ProgramRun.RunAsync(servers, program, [], Ct);

        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Contains("ConnectionStrings:overnight is not set", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("ConnectionStrings:cache", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run")]
    [InlineData("doctor")]
    [InlineData("warm")]
    public async Task Command_ConfiguredWrongly_SaysSoInOneBlockAndExitsWithOne(string command)
    {
        var run = await ProgramRun.RunAsync(servers, ProgramRun.Jobs, [command], Ct, [.. Stores, ("Cache:BeatInterval", "x")]);

        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.StartsWith(
            $"The configuration is wrong:{Environment.NewLine}  Cache:BeatInterval must be a duration",
            run.Error,
            StringComparison.Ordinal
        );
        Assert.Equal(4, run.Error.Split(Environment.NewLine).Length);
    }

    [Fact]
    public void File_ThatIsNoJson_IsNamed()
    {
        InvalidDataException wrong = new("Failed to load configuration from file 'appsettings.json'.", new FormatException("No JSON."));

        Assert.Contains("'appsettings.json'. No JSON.", StartupFailure.Explain(wrong), StringComparison.Ordinal);
        Assert.Null(StartupFailure.Explain(new InvalidOperationException("A bug.")));
    }

    [Theory]
    [InlineData("Servers", "cloud", "Servers must be containers or processes, and is 'cloud'.")]
    [InlineData("Jobs__Replicas", "many", "Jobs:Replicas must be a whole number between 1 and 100, and is 'many'.")]
    public async Task AppHost_ConfiguredWrongly_SaysSoInOneBlockAndExitsWithOne(string key, string value, string message)
    {
        if (!OperatingSystem.IsLinux())
            Assert.Skip("Signals the AppHost by kill(1).");
        await using AppHostProcess host = new(await servers.CreateFolderAsync(), (key, value));

        Assert.Equal(1, await host.ExitAsync(Ct));

        Assert.Contains($"Overnight can't start:{Environment.NewLine}  {message}", host.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", host.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled", host.Output, StringComparison.Ordinal);
    }
}
