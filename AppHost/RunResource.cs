using System.Text.Json;

namespace Overnight.AppHost;

/// <summary>
/// The resource <c>night</c>: the state of the latest run, and the commands. It never has replicas, so a command runs once.
/// </summary>
internal sealed class RunResource(string name, EndpointReference api, ParameterResource adminKey, string dataDirectory)
    : Resource(name),
        IResourceWithWaitSupport
{
    /// <summary>The folder where a command of Jobs finds the connections of this app.</summary>
    public string DataDirectory => dataDirectory;

    /// <summary>Calls the api as an administrator.</summary>
    public AdminApiClient Client { get; } = new(api, adminKey);
}

internal static class RunResourceExtensions
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(2);

    /// <summary>Adds the resource; its state follows the latest run as soon as the api answers.</summary>
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
                    // The app starts only after this handler returns, so the loop is not awaited; the token ends it.
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
            // The app is stopping.
        }
    }

    private static async Task<(string State, string Style, IEnumerable<ResourcePropertySnapshot> Properties)> ReadAsync(
        AdminApiClient client,
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
                // Copied into an array, because the JSON document is disposed of before the properties are read.
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
