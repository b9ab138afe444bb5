using System.Diagnostics;
using System.Net.Http.Headers;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Caching;

/// <summary>The API as a process of its own, to be killed as a host is killed.</summary>
internal sealed class ApiProcess : IDisposable
{
    private const string Listening = "Now listening on: ";

    private readonly Process _process;
    private readonly HttpClient _http;

    private ApiProcess(Process process, Uri address) => (_process, _http) = (process, new() { BaseAddress = address });

    /// <param name="database">Connection string of the owner; the API gets that of its role.</param>
    public static async Task<ApiProcess> StartAsync(string database, string cache, CancellationToken ct)
    {
        ProcessStartInfo start = new(
            "dotnet",
            ["exec", Path.Combine(AppContext.BaseDirectory, "Overnight.Api.dll"), "--urls", "http://127.0.0.1:0"]
        )
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = AppContext.BaseDirectory,
        };
        start.Environment["DOTNET_ENVIRONMENT"] = start.Environment["ASPNETCORE_ENVIRONMENT"] = "Production";
        start.Environment.Remove("ASPNETCORE_URLS");
        start.Environment["ConnectionStrings__overnight"] = TestRoles.OfApi(database);
        start.Environment["ConnectionStrings__cache"] = cache;
        start.Environment["Logging__Console__FormatterName"] = "simple";
        start.Environment["Logging__LogLevel__Microsoft.Hosting.Lifetime"] = "Information";
        var process = Process.Start(start)!;
        _ = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            while (await process.StandardOutput.ReadLineAsync(ct).AsTask().WaitAsync(TimeSpan.FromMinutes(1), ct) is { } line)
            {
                var at = line.IndexOf(Listening, StringComparison.Ordinal);
                if (at < 0)
                    continue;
                // Read on, or the process would wait for its output to be taken.
                _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
                return new(process, new(line[(at + Listening.Length)..].Trim()));
            }
            throw new InvalidOperationException("The API ended before it listened.");
        }
        catch
        {
            process.Kill();
            process.Dispose();
            throw;
        }
    }

    public async Task<string> DashboardAsync(string token, CancellationToken ct)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, "/api/dashboard");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var answer = await _http.SendAsync(request, ct);
        return await answer.Content.ReadAsStringAsync(ct);
    }

    public async Task KillAsync(CancellationToken ct)
    {
        _process.Kill();
        await _process.WaitForExitAsync(ct);
    }

    public void Dispose()
    {
        _http.Dispose();
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }
}
