using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Overnight.AppHost;

/// <summary>
/// The resource <c>night</c>: the state of the latest run, and the commands. It never has replicas, so a command runs once.
/// </summary>
internal sealed class RunResource(string name, EndpointReference api, ParameterResource adminKey, string dataDirectory)
    : Resource(name),
        IResourceWithWaitSupport
{
    /// <summary>Where a command of Jobs finds the connections of this app.</summary>
    public string DataDirectory => dataDirectory;

    /// <summary>The api, asked as an administrator.</summary>
    public RunClient Client { get; } = new(api, adminKey);
}

internal static class RunResourceExtensions
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(2);

    /// <summary>Adds the resource; its state follows the latest run from when the api answers.</summary>
    public static IResourceBuilder<RunResource> AddNight(
        this IDistributedApplicationBuilder builder,
        string name,
        IResourceBuilder<ProjectResource> api,
        IResourceBuilder<ParameterResource> adminKey
    ) =>
        builder
            .AddResource(new RunResource(name, api.GetEndpoint("http"), adminKey.Resource, DataDirectory.Of(builder).Path))
            .WithInitialState(
                new()
                {
                    ResourceType = "Run",
                    Properties = [],
                    State = KnownResourceStates.Waiting,
                    CreationTimeStamp = TimeProvider.System.GetUtcNow().UtcDateTime,
                }
            )
            .WithIconName("WeatherMoon")
            .ExcludeFromManifest()
            .WithRunCommands()
            .OnInitializeResource(
                static (night, initialize, ct) =>
                {
                    // The event must return for the app to start; the loop ends with it.
                    _ = FollowAsync(night, initialize, ct);
                    return Task.CompletedTask;
                }
            );

    private static async Task FollowAsync(RunResource night, InitializeResourceEvent initialize, CancellationToken ct)
    {
        try
        {
            await initialize.Eventing.PublishAsync(new BeforeResourceStartedEvent(night, initialize.Services), ct);
            using PeriodicTimer timer = new(PollInterval, TimeProvider.System);
            do
            {
                var (state, style, properties) = await ReadAsync(night.Client, ct);
                await initialize.Notifications.PublishUpdateAsync(night, snapshot =>
                    snapshot with
                    {
                        State = new(state, style),
                        Properties = [.. properties],
                    }
                );
            } while (await timer.WaitForNextTickAsync(ct));
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The app stops.
        }
    }

    private static async Task<(string State, string Style, IEnumerable<ResourcePropertySnapshot> Properties)> ReadAsync(
        RunClient client,
        CancellationToken ct
    )
    {
        try
        {
            using var answer = await client.SendAsync(HttpMethod.Get, "/api/runs?jobType=scoring&limit=1", null, ct);
            using var list = await JsonDocument.ParseAsync(await answer.Content.ReadAsStreamAsync(ct), cancellationToken: ct);
            if (!answer.IsSuccessStatusCode)
                return ($"api: {(int)answer.StatusCode}", KnownResourceStateStyles.Warn, []);
            var runs = list.RootElement.GetProperty("items");
            if (runs.GetArrayLength() == 0)
                return ("no run yet", KnownResourceStateStyles.Info, []);
            var status = runs[0].GetProperty("status").GetString()!;
            return (
                status,
                status switch
                {
                    "completed" => KnownResourceStateStyles.Success,
                    "partial" => KnownResourceStateStyles.Warn,
                    "failed" => KnownResourceStateStyles.Error,
                    _ => KnownResourceStateStyles.Info,
                },
                // A copy: the document is gone when they are read.
                runs[0]
                    .EnumerateObject()
                    .Where(field => field.Value.ValueKind is JsonValueKind.String or JsonValueKind.Number)
                    .Select(field => new ResourcePropertySnapshot(field.Name, field.Value.ToString()))
                    .ToArray()
            );
        }
        catch (Exception exception)
            when (exception is HttpRequestException or JsonException or TaskCanceledException && !ct.IsCancellationRequested)
        {
            return ("api does not answer", KnownResourceStateStyles.Warn, []);
        }
    }
}

/// <summary>Asks the api as an administrator, outside any trace: a poll that goes on for ever is not one that anybody reads.</summary>
internal sealed class RunClient(EndpointReference api, ParameterResource adminKey)
{
    /// <summary>Where the api takes the key; <c>AdminKey.Header</c> there.</summary>
    private const string KeyHeader = "X-Overnight-Admin-Key";

    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromMinutes(10) };

    /// <param name="isTraced">False for a poll: the trace it belongs to is told not to be recorded.</param>
    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method,
        string path,
        JsonFields? body,
        CancellationToken ct,
        bool isTraced = false
    )
    {
        using HttpRequestMessage request = new(method, new Uri(new Uri(api.Url), path));
        request.Headers.Add(KeyHeader, await adminKey.GetValueAsync(ct));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (!isTraced)
            LeaveUntraced(request);
        request.Content = body?.ToContent();
        return await Http.SendAsync(request, ct);
    }

    /// <summary>Names a parent that is not recorded, so that what is asked is not recorded either.</summary>
    public static void LeaveUntraced(HttpRequestMessage request) =>
        request.Headers.Add("traceparent", $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-00");
}

/// <summary>A JSON body of fields, those without a value left out.</summary>
internal sealed class JsonFields(params (string Name, object? Value)[] fields)
{
    public HttpContent ToContent() =>
        System.Net.Http.Json.JsonContent.Create(
            fields.Where(field => field.Value is not null).ToDictionary(field => field.Name, field => field.Value, StringComparer.Ordinal)
        );
}
