using System.Net.Http.Headers;
using Overnight.Benchmarks.Servers;
using Overnight.LocalServers;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Caching;

/// <summary>The API as a process of its own, to be killed as a host is killed.</summary>
internal sealed class TestApiProcess : IDisposable
{
    private const string Listening = "Now listening on: ";

    private readonly ChildProcess _process;
    private readonly HttpClient _http;

    private TestApiProcess(ChildProcess process, Uri address) => (_process, _http) = (process, new() { BaseAddress = address });

    /// <param name="database">Connection string of the owner; the API gets that of its role.</param>
    /// <param name="within">A program with its arguments that the command line is appended to; none when null.</param>
    /// <param name="heard">Called with each line that it prints.</param>
    public static async Task<TestApiProcess> StartAsync(
        string database,
        string cache,
        CancellationToken ct,
        string[]? within = null,
        Action<string>? heard = null
    )
    {
        Dictionary<string, string?> environment = new()
        {
            ["DOTNET_ENVIRONMENT"] = "Production",
            ["ASPNETCORE_ENVIRONMENT"] = "Production",
            ["ASPNETCORE_URLS"] = null,
            ["ConnectionStrings__overnight"] = TestRoles.OfApi(database),
            ["ConnectionStrings__cache"] = cache,
            ["Logging__Console__FormatterName"] = "simple",
            ["Logging__LogLevel__Microsoft.Hosting.Lifetime"] = "Information",
        };
        TaskCompletionSource<Uri> listens = new(TaskCreationOptions.RunContinuationsAsynchronously);
        string[] command =
        [
            .. within ?? [],
            ExternalProgram.Dotnet,
            "exec",
            Path.Combine(AppContext.BaseDirectory, "Overnight.Api.dll"),
            "--urls",
            "http://127.0.0.1:0",
        ];
        ChildProcess process = new(
            command[0],
            command[1..],
            line =>
            {
                heard?.Invoke(line);
                if (line.IndexOf(Listening, StringComparison.Ordinal) is >= 0 and var at)
                    listens.TrySetResult(new(line[(at + Listening.Length)..].Trim()));
            },
            AppContext.BaseDirectory,
            environment
        );
        if (await Task.WhenAny(listens.Task, process.Exited).WaitAsync(TimeSpan.FromMinutes(1), ct) == listens.Task)
            return new(process, await listens.Task);
        throw new InvalidOperationException($"The API ended before it listened: {string.Join(Environment.NewLine, process.Tail)}");
    }

    public async Task<string> DashboardAsync(string token, CancellationToken ct)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, "/api/dashboard");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var answer = await _http.SendAsync(request, ct);
        return await answer.Content.ReadAsStringAsync(ct);
    }

    /// <summary>A page as a browser asks for it.</summary>
    public async Task<string> PageAsync(string path, string languages, CancellationToken ct)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, path);
        request.Headers.Accept.ParseAdd("text/html");
        request.Headers.AcceptLanguage.ParseAdd(languages);
        using var answer = await _http.SendAsync(request, ct);
        return await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync(ct);
    }

    public async Task KillAsync(CancellationToken ct)
    {
        _process.Kill();
        await _process.Exited.WaitAsync(ct);
    }

    public void Dispose()
    {
        _http.Dispose();
        _process.Kill();
    }
}
