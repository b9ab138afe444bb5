using System.Diagnostics;
using System.Net.Http.Headers;

namespace Overnight.AppHost;

/// <summary>Calls the api as an administrator. Polls are left out of traces, which an endless poll would fill.</summary>
internal sealed class AdminApiClient(EndpointReference api, ParameterResource adminKey)
{
    /// <summary>The header in which the api expects the admin key; the same as <c>AdminKeyHandler.Header</c> of Api.</summary>
    private const string KeyHeader = "X-Overnight-Admin-Key";

    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromMinutes(10) };

    /// <param name="isTraced">False for a poll: its trace is marked as not recorded.</param>
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

    /// <summary>Sends a parent trace context that is not sampled, so that the api does not record the request.</summary>
    public static void LeaveUntraced(HttpRequestMessage request) =>
        request.Headers.Add("traceparent", $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-00");
}

/// <summary>A JSON body of fields; fields without a value are left out.</summary>
internal sealed class JsonFields(params (string Name, object? Value)[] fields)
{
    public HttpContent ToContent() =>
        System.Net.Http.Json.JsonContent.Create(
            fields.Where(field => field.Value is not null).ToDictionary(field => field.Name, field => field.Value, StringComparer.Ordinal)
        );
}
