using System.Text.RegularExpressions;
using Overnight.Core.Runs;
using Overnight.Tests.Harness;
using Overnight.Tests.Pipeline;

namespace Overnight.Tests.Tracing;

public sealed class RunTraceTests(TestServers servers)
{
    private const int Users = 600;

    private static readonly string[] JobAttributes =
    [
        "fetch_rates_ms",
        "fetch_prices_ms",
        "process_users_ms",
        "cache_warm_ms",
        "users_total",
        "users_success",
        "users_failed",
        "assets_scored",
        "recommendations_generated",
    ];

    private static readonly Regex UserId = new("[0-9a-f]{8}-[0-9a-f-]{27}");

    private static readonly string[] Steps = ["plan", "load-snapshot", "process-users", "finalise", "pipeline-end"];

    [Fact]
    public async Task Night_OverTwoProcesses_IsOneTrace()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var otlp = await OtlpReceiver.StartAsync();
        await using var night = await PipelineFixture.CreateAsync(servers, Users, ct);
        List<TestJobsProcess> processes =
        [
            .. new[] { "one", "two" }.Select(instance =>
                TestJobsProcess.Start(
                    night,
                    [],
                    ("OTEL_EXPORTER_OTLP_ENDPOINT", otlp.Url),
                    ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
                    ("OTEL_BSP_SCHEDULE_DELAY", "200"),
                    ("OTEL_METRIC_EXPORT_INTERVAL", "500"),
                    ("OTEL_SERVICE_NAME", "jobs"),
                    ("OTEL_RESOURCE_ATTRIBUTES", $"service.instance.id={instance}"),
                    // Begun when both listen, and with batches enough for both.
                    ("Schedule:RunAtFirstStart", "false"),
                    ("Night:BatchSize", "10"),
                    ("Night:Workers", "1")
                )
            ),
        ];
        try
        {
            await Eventually.TrueAsync(
                async () =>
                    await night.ScalarAsync<long>(
                        "select count(*) from pg_stat_activity where datname = current_database() and query = 'listen ' || $1",
                        ct,
                        RunStore.Channel
                    ) == 2,
                "both processes listen"
            );
            // As the API does it: the span that starts the night is made here, and is not exported.
            using var listener = Listening();
            var (run, _) = await night.Runs.StartOrJoinAsync("NYSE", null, RunTrigger.Manual, again: false, ct);
            var (trace, root) = (run.Traceparent!.Split('-')[1], run.Traceparent.Split('-')[2]);
            await Eventually.TrueAsync(
                () =>
                    otlp.Spans.Any(span => span.Name == "overnight-scoring-job")
                    && otlp.Metrics.ContainsKey("overnight.night.run.duration"),
                "the night was told"
            );
            // What the other process still had to send.
            await Eventually.TrueAsync(
                () => otlp.Spans.Where(span => span.Name == "process-users").Select(span => span.Instance).Distinct().Count() == 2,
                "both processes told their part"
            );

            var spans = otlp.Spans.ToList();
            // Each process looks at its history, and at what is to be kept warm, in traces of their own; nothing else has one.
            var others = spans.Where(span => span.Name is "retention" or "cache.warm").Select(span => span.Trace).ToHashSet();
            Assert.All(spans.Where(span => span.Scope is "Overnight.Jobs" or "Npgsql" && !others.Contains(span.Trace)), span =>
                Assert.Equal(trace, span.Trace)
            );

            Assert.All(spans.Where(span => span.Name == "cache.warm"), warm => Assert.False(string.IsNullOrEmpty(warm.Parent)));

            var job = Assert.Single(spans, span => span.Name == "overnight-scoring-job");
            Assert.All(JobAttributes, attribute => Assert.Contains(attribute, job.Attributes));
            Assert.Equal(
                ((long)Users, (long)Users, 0L),
                (job.Attributes["users_total"], job.Attributes["users_success"], job.Attributes["users_failed"])
            );
            Assert.False(job.Failed);
            Assert.Equal(root, job.Parent);
            // Of whichever process a step is: the job span is above it.
            Assert.All(spans.Where(span => Steps.Contains(span.Name)), step => Assert.Equal(job.Id, step.Parent));

            Assert.Single(spans, span => span.Name == "plan");
            Assert.Single(spans, span => span.Name == "finalise");
            Assert.Equal(2, spans.Count(span => span.Name == "load-snapshot"));
            var parts = spans.Where(span => span.Name == "process-users").ToDictionary(span => span.Id);
            Assert.Equal(2, parts.Count);
            var batches = spans.Where(span => span.Name == "batch").ToDictionary(span => span.Id);
            // Of 60 batches the first 16, and then every 16th.
            Assert.Equal(
                Enumerable.Range(0, 16).Concat([16, 32, 48]).Select(n => (object)(long)n),
                batches.Values.Select(span => span.Attributes["overnight.batch"]).Order()
            );
            Assert.All(batches.Values, span => Assert.Contains(span.Parent, parts.Keys));
            var writes = spans.Where(span => span.Name == "cache-write").ToList();
            Assert.All(writes, span => Assert.Contains(span.Parent, batches.Keys));
            Assert.Equal(batches.Count, writes.Count);
            // Statements are below what asked them.
            Assert.Contains(spans, span => span.Scope == "Npgsql" && batches.ContainsKey(span.Parent));

            // A8b: spans go to others than those who may see who is computed. A COPY takes no parameters, so that the text of its
            // statement has the first and last user of a batch, and nothing that is theirs.
            var users = (await night.ScalarAsync<string[]>("select array_agg(user_id::text) from calculation_results", ct)).ToHashSet();
            Assert.Equal(Users, users.Count);
            Assert.All(spans.SelectMany(span => span.Attributes).Where(attribute => attribute.Key != "db.query.text"), attribute =>
                Assert.DoesNotContain(UserId.Matches($"{attribute.Value}"), id => users.Contains(id.Value))
            );

            Assert.Equal("s", otlp.Metrics["overnight.night.run.duration"]);
            Assert.Equal("s", otlp.Metrics["overnight.night.batch.duration"]);
            Assert.Equal("{user}", otlp.Metrics["overnight.night.users"]);
            // How many connections of the pool are in use.
            Assert.Contains(otlp.Metrics.Keys, name => name.StartsWith("db.client.connection", StringComparison.Ordinal));
            Assert.All(otlp.Metrics.Where(metric => metric.Key.StartsWith("overnight.", StringComparison.Ordinal)), metric =>
                Assert.NotEqual("", metric.Value)
            );
        }
        finally
        {
            processes.ForEach(process => process.Dispose());
        }
    }

    private static System.Diagnostics.ActivityListener Listening()
    {
        System.Diagnostics.ActivityListener listener = new()
        {
            ShouldListenTo = source => source.Name == "Overnight.Runs",
            Sample = (ref System.Diagnostics.ActivityCreationOptions<System.Diagnostics.ActivityContext> _) =>
                System.Diagnostics.ActivitySamplingResult.AllDataAndRecorded,
        };
        System.Diagnostics.ActivitySource.AddActivityListener(listener);
        return listener;
    }
}
