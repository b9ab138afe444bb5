using System.Diagnostics;
using System.Net.Http.Headers;

namespace Overnight.Benchmarks.Load;

/// <param name="Token">Of the session that asks.</param>
internal readonly record struct PacedRead(ReadKind Kind, string Path, string Token);

/// <summary>
/// Reads at a fixed rate, whatever becomes of them: a slow answer delays no other, and what waits in the server is seen as latency.
/// </summary>
internal sealed class OpenLoopLoad : IAsyncDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1),
        Patience = TimeSpan.FromSeconds(30);

    private readonly HttpClient http;
    private readonly CancellationTokenSource stop = new();
    private readonly List<PacedAnswer> answers = [];
    private readonly Task sending;

    /// <param name="next">Called for one read after the other, never for two at once.</param>
    public OpenLoopLoad(int port, int perSecond, Func<PacedRead> next)
    {
        http = new(new SocketsHttpHandler { UseCookies = false, UseProxy = false })
        {
            BaseAddress = new($"http://127.0.0.1:{port}"),
            Timeout = Patience,
        };
        sending = Task.Run(() => SendAsync(perSecond, next));
    }

    /// <summary>Answered so far.</summary>
    public IReadOnlyList<PacedAnswer> Answers
    {
        get
        {
            lock (answers)
                return [.. answers];
        }
    }

    /// <summary>Sends no more, and waits for what is under way.</summary>
    public async Task<IReadOnlyList<PacedAnswer>> StopAsync()
    {
        await stop.CancelAsync();
        await sending;
        return Answers;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        http.Dispose();
        stop.Dispose();
    }

    private async Task SendAsync(int perSecond, Func<PacedRead> next)
    {
        List<Task> underWay = [];
        var (begin, sent) = (Stopwatch.GetTimestamp(), 0L);
        using PeriodicTimer timer = new(Tick);
        while (!stop.IsCancellationRequested)
        {
            // A timer that was late is made up for: the rate is fixed.
            for (var due = (long)(Stopwatch.GetElapsedTime(begin).TotalSeconds * perSecond); sent < due; sent++)
                underWay.Add(AskAsync(next()));
            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
        await Task.WhenAll(underWay);
    }

    private async Task AskAsync(PacedRead read)
    {
        var sent = Stopwatch.GetTimestamp();
        var (fromCache, error) = await AnswerAsync(read);
        PacedAnswer answer = new(read.Kind, sent, Stopwatch.GetElapsedTime(sent).TotalMilliseconds, fromCache, error);
        lock (answers)
            answers.Add(answer);
    }

    private async Task<(bool FromCache, string? Error)> AnswerAsync(PacedRead read)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, read.Path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", read.Token);
        try
        {
            using var response = await http.SendAsync(request);
            var body = await response.Content.ReadAsByteArrayAsync();
            return response.IsSuccessStatusCode
                ? (IsFromCache(read.Kind, body), null)
                : (false, $"{read.Path}: {(int)response.StatusCode}");
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or IOException)
        {
            // A client would see it, and so it is counted.
            return (false, $"{read.Path}: {exception.Message}");
        }
    }

    private static bool IsFromCache(ReadKind kind, ReadOnlySpan<byte> body) =>
        kind switch
        {
            ReadKind.Dashboard => body.StartsWith("{\"data\":{\"fromCache\":true,"u8),
            ReadKind.Reference => body.StartsWith("{\"fromCache\":true,"u8),
            _ => body.LastIndexOf("\"source\":\"memory\""u8) >= 0 || body.LastIndexOf("\"source\":\"cache\""u8) >= 0,
        };
}
