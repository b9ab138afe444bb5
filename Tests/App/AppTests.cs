using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Overnight.Tests.Harness;
using Overnight.Tests.Tracing;

namespace Overnight.Tests.App;

/// <summary>The whole app model, started once with two replicas of jobs.</summary>
public sealed class AppTests(AppTests.RunningApp running) : IClassFixture<AppTests.RunningApp>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private DistributedApplication App => running.App;

    [Fact]
    public async Task App_Started_EveryResourceIsHealthyAndThePreparatoryOnesAreFinished()
    {
        foreach (var name in (string[])["postgres", "cache", "jobs", "api"])
            await App.ResourceNotifications.WaitForResourceHealthyAsync(name, Ct);
        foreach (var name in (string[])["migrations", "warmup"])
        {
            var ended = await App.ResourceNotifications.WaitForResourceAsync(
                name,
                change => KnownResourceStates.TerminalStates.Contains(change.Snapshot.State?.Text),
                Ct
            );
            Assert.Equal(0, ended.Snapshot.ExitCode);
        }
        using var client = App.CreateHttpClient("api", "http");
        await Eventually.TrueAsync(async () => await client.GetStringAsync("/health", Ct) == "Healthy", "the api and its worker are there");
        Assert.Equal("Healthy", await client.GetStringAsync("/alive", Ct));
        using var unsigned = await client.GetAsync("/api/dashboard", Ct);
        Assert.Equal(HttpStatusCode.Unauthorized, unsigned.StatusCode);
    }

    [Fact]
    public async Task App_Started_FirstNightEndsInACachedDashboardOfTheDemoUser()
    {
        await NightAsync("completed");
        using var client = App.CreateHttpClient("api", "http");
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await ParameterAsync("demo-token"));

        await Eventually.TrueAsync(
            async () =>
            {
                using var dashboard = JsonDocument.Parse(await client.GetStringAsync("/api/dashboard", Ct));
                return dashboard.RootElement.GetProperty("data").GetProperty("fromCache").GetBoolean();
            },
            "the dashboard is answered from the cache"
        );
    }

    [Fact]
    public async Task Commands_OfTheNight_AnswerWithWhatCameBack()
    {
        await NightAsync("completed");

        var run = await CommandAsync("run");
        Assert.Contains("\"status\": \"completed\"", run.Data!.Value, StringComparison.Ordinal);
        var warm = await CommandAsync("warm");
        Assert.Contains("\"warmed\":", warm.Data!.Value, StringComparison.Ordinal);
        // A warm is a run, too, and a later one; the resource shows the night.
        var night = await App.ResourceNotifications.WaitForResourceAsync("night", change => change.Snapshot.Properties.Length > 0, Ct);
        Assert.Equal("scoring", night.Snapshot.Properties.Single(property => property.Name == "jobType").Value);
        var retry = await CommandAsync("retry");
        Assert.Contains("\"usersFailed\": 0", retry.Data!.Value, StringComparison.Ordinal);
        var schedule = await CommandAsync("schedule");
        Assert.Contains("New York Stock Exchange", schedule.Data!.Value, StringComparison.Ordinal);
        // It finds the app that runs from another data directory by the same variable.
        var doctor = await CommandAsync("doctor");
        Assert.Contains("Nothing is stuck", doctor.Data!.Value, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Night_OnTwoReplicas_IsOneTraceAndPollsAreInNone()
    {
        await NightAsync("completed");
        await Eventually.TrueAsync(
            () => running.Telemetry.Spans.Where(span => span.Service == "jobs").Select(span => span.Instance).Distinct().Count() == 2,
            "both replicas are up"
        );

        var run = await CommandAsync(
            "run",
            new InteractionInput
            {
                Name = "again",
                InputType = InputType.Boolean,
                Value = "true",
            }
        );

        using var started = JsonDocument.Parse(run.Data!.Value);
        var id = started.RootElement.GetProperty("id").GetString();
        await Eventually.TrueAsync(() => RunSpan(id) is not null, "the job span of the second run is told");
        var trace = RunSpan(id)!.Trace;
        await Eventually.TrueAsync(
            () => ((string[])["plan", "batch", "cache-write", "finalise"]).All(name => Spans(name).Any(span => span.Trace == trace)),
            "its steps are below it"
        );
        await Eventually.TrueAsync(
            () => Spans("process-users").Where(span => span.Trace == trace).Select(span => span.Instance).Distinct().Count() == 2,
            "both replicas had a part in it"
        );
        Assert.DoesNotContain(running.Telemetry.Spans, span => span.Name.Contains("/health", StringComparison.Ordinal));
        Assert.DoesNotContain(running.Telemetry.Spans, span => span.Name.StartsWith("GET /api/runs", StringComparison.Ordinal));
    }

    private ReceivedSpan? RunSpan(string? run) =>
        Spans("overnight-scoring-job").FirstOrDefault(span => span.Attributes.Any(a => $"{a.Value}" == run));

    private IEnumerable<ReceivedSpan> Spans(string name) => running.Telemetry.Spans.Where(span => span.Name == name);

    private Task<ResourceEvent> NightAsync(string status) =>
        App.ResourceNotifications.WaitForResourceAsync("night", change => change.Snapshot.State?.Text == status, Ct);

    private async Task<ExecuteCommandResult> CommandAsync(string name, params InteractionInput[] arguments)
    {
        var result = await App.ResourceCommands.ExecuteCommandAsync("night", name, new InteractionInputCollection(arguments), Ct);
        Assert.True(result.Success, result.Message);
        return result;
    }

    private async Task<string?> ParameterAsync(string name) =>
        await App
            .Services.GetRequiredService<DistributedApplicationModel>()
            .Resources.OfType<ParameterResource>()
            .Single(parameter => parameter.Name == name)
            .GetValueAsync(Ct);

    /// <summary>Started for the tests of this class alone, in a data directory of its own.</summary>
    public sealed class RunningApp(TestServers servers) : IAsyncLifetime
    {
        private OtlpReceiver? _telemetry;
        private DistributedApplication? _app;

        public DistributedApplication App => _app!;

        internal OtlpReceiver Telemetry => _telemetry!;

        public async ValueTask InitializeAsync()
        {
            // Asked only so that a desk without servers skips.
            await servers.CacheConnectionStringAsync(Ct);
            _telemetry = await OtlpReceiver.StartAsync();
            var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(
                ["--Servers=processes", $"--Overnight:DataDirectory={await servers.CreateFolderAsync()}", "--Jobs:Replicas=2"],
                Ct
            );
            foreach (var name in (string[])["jobs", "api"])
            {
                builder
                    .CreateResourceBuilder<ProjectResource>(name)
                    .WithEnvironment("OTEL_EXPORTER_OTLP_ENDPOINT", _telemetry.Url)
                    .WithEnvironment("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
                    // Of a thousand users enough batches for both replicas.
                    .WithEnvironment("Night__BatchSize", "20");
            }
            _app = await builder.BuildAsync(Ct);
            await _app.StartAsync(Ct);
        }

        public async ValueTask DisposeAsync()
        {
            if (_app is not null)
                await _app.DisposeAsync();
            if (_telemetry is not null)
                await _telemetry.DisposeAsync();
        }
    }
}
