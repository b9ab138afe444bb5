using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Overnight.AppHost;

/// <summary>
/// Prints how to look at the app once a dashboard is answered from the cache. The output of child processes never reaches this console,
/// so the demo token is in no log.
/// </summary>
internal sealed class StartupMessage(
    ProjectResource api,
    ParameterResource token,
    DistributedApplicationModel model,
    ResourceNotificationService notifications,
    IConfiguration configuration
) : BackgroundService
{
    private const string DashboardResource = "aspire-dashboard",
        Path = "/api/dashboard";
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(200);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var ct = stoppingToken;
        await notifications.WaitForResourceHealthyAsync(api.Name, ct);
        var address = api.GetEndpoint("http").Url;
        var value = await token.GetValueAsync(ct);
        await WaitForCachedDashboardAsync(new(new(address), Path), value!, ct);
        await AskFirstPageAsync(new(address), ct);
        foreach (
            var other in model.Resources.OfType<ProjectResource>().Where(project => project.TryGetAnnotationsOfType<WaitAnnotation>(out _))
        )
        {
            if (notifications.TryGetCurrentState(other.Name, out var state) && ResourceFailureReporter.IsFailed(state.Snapshot))
                return;
        }
        if (model.Resources.FirstOrDefault(resource => resource.Name == DashboardResource) is IResourceWithEndpoints dashboard)
            Console.WriteLine($"{Environment.NewLine}Aspire dashboard   {await AddressAsync(dashboard, ct)}");
        Console.WriteLine($"Overnight          {address}/");
        Console.WriteLine($"A cached dashboard:{Environment.NewLine}curl -H \"Authorization: Bearer {value}\" {address}{Path}");
    }

    private async Task<string> AddressAsync(IResourceWithEndpoints dashboard, CancellationToken ct)
    {
        await notifications.WaitForResourceAsync(dashboard.Name, KnownResourceStates.Running, ct);
        var endpoint = dashboard.GetEndpoints().First(e => e.EndpointName is "http" or "https");
        return configuration["AppHost:BrowserToken"] is { Length: > 0 } login ? $"{endpoint.Url}/login?t={login}" : endpoint.Url;
    }

    /// <summary>Polls, because there is no result until the first night is finished.</summary>
    private static async Task WaitForCachedDashboardAsync(Uri address, string token, CancellationToken ct)
    {
        using HttpClient http = new();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using PeriodicTimer timer = new(RetryInterval, TimeProvider.System);
        while (!await IsCachedAsync(http, address, ct))
            await timer.WaitForNextTickAsync(ct);
    }

    /// <summary>The first page takes longer than any later one, because the keys of forms are read, or made, for it.</summary>
    private static async Task AskFirstPageAsync(Uri address, CancellationToken ct)
    {
        using HttpClient http = new();
        try
        {
            using HttpRequestMessage request = new(HttpMethod.Get, address);
            AdminApiClient.LeaveUntraced(request);
            (await http.SendAsync(request, ct)).Dispose();
        }
        catch (HttpRequestException)
        {
            // The api stopped; ResourceFailureReporter prints that.
        }
    }

    private static async Task<bool> IsCachedAsync(HttpClient http, Uri address, CancellationToken ct)
    {
        try
        {
            using HttpRequestMessage request = new(HttpMethod.Get, address);
            AdminApiClient.LeaveUntraced(request);
            using var answer = await http.SendAsync(request, ct);
            if (!answer.IsSuccessStatusCode)
                return false;
            using var document = await JsonDocument.ParseAsync(await answer.Content.ReadAsStreamAsync(ct), cancellationToken: ct);
            return document.RootElement.GetProperty("data").GetProperty("fromCache").GetBoolean();
        }
        catch (HttpRequestException)
        {
            return false; // The api stopped; ResourceFailureReporter prints that.
        }
    }
}

internal static class StartupMessageExtensions
{
    private const string UserToken = "demo-token",
        AdminToken = "demo-admin-token";

    /// <summary>Session tokens of the demo user and admin, new at every start; jobs creates the sessions in Development.</summary>
    public static IResourceBuilder<ProjectResource> WithDemoTokens(this IResourceBuilder<ProjectResource> jobs)
    {
        var builder = jobs.ApplicationBuilder;
        return jobs.WithEnvironment("Demo__UserToken", Token(UserToken, "the demo user"))
            .WithEnvironment("Demo__AdminToken", Token(AdminToken, "the demo admin"));

        IResourceBuilder<ParameterResource> Token(string name, string of)
        {
            var value = Convert
                .ToBase64String(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32))
                .TrimEnd('=')
                .Replace('+', '-')
                .Replace('/', '_');
            return builder.AddParameter(name, () => value, secret: true).WithDescription($"A session token of {of}, made at every start.");
        }
    }

    /// <summary>Prints at the console how to look at the app, and writes the connections that commands need.</summary>
    public static void AddStartupMessage(this IDistributedApplicationBuilder builder, IResourceBuilder<ProjectResource> api)
    {
        var token = builder.Resources.OfType<ParameterResource>().Single(parameter => parameter.Name == UserToken);
        builder.Services.AddHostedService<ResourceFailureReporter>();
        builder.Services.AddHostedService(services => ActivatorUtilities.CreateInstance<StartupMessage>(services, api.Resource, token));
        builder.Services.AddHostedService(services =>
            ActivatorUtilities.CreateInstance<ConnectionsFile>(services, DataDirectory.Of(builder), api.Resource)
        );
    }
}
