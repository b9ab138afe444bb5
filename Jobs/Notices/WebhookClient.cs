using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.Options;
using Overnight.Core.Notices;
using StandardWebhooks;

namespace Overnight.Jobs.Notices;

/// <summary>The outcome of one attempt.</summary>
/// <param name="Status">Of the answer; null without one.</param>
/// <param name="Error">Null when it was delivered.</param>
internal readonly record struct WebhookOutcome(int? Status, string? Error)
{
    public bool IsDelivered => Error is null;
}

/// <summary>Posts notices to their targets, signed as Standard Webhooks says.</summary>
internal sealed class WebhookClient(IOptions<WebhookOptions> options, TimeProvider time) : IDisposable
{
    /// <summary>Longest error in characters that is stored.</summary>
    private const int MostError = 300;

    private readonly HttpClient _public = Client(WebhookConnections.Handler(allowPrivate: false)),
        _any = Client(WebhookConnections.Handler(allowPrivate: true));

    public async Task<WebhookOutcome> SendAsync(string target, Guid notice, byte[] body, CancellationToken ct)
    {
        if (!options.Value.Targets.TryGetValue(target, out var to))
            return new(null, "The target is not configured any more.");
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(options.Value.Timeout);
        try
        {
            using var request = await RequestAsync(to, notice, body, limit.Token);
            using var answer = await (to.AllowPrivateAddresses ? _any : _public).SendAsync(
                request,
                HttpCompletionOption.ResponseHeadersRead,
                limit.Token
            );
            var status = (int)answer.StatusCode;
            return status switch
            {
                >= 200 and < 300 => new(status, null),
                >= 300 and < 400 => new(status, $"It answered {status}; redirects are not followed."),
                _ => new(status, $"It answered {status}."),
            };
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new(null, $"It did not answer within {options.Value.Timeout}.");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or UnauthorizedAccessException)
        {
            // It can't be reached, or its secret can't be read; the next attempt may succeed.
            var message = exception.InnerException is HttpRequestException inner ? inner.Message : exception.Message;
            return new(null, message.Length > MostError ? message[..MostError] : message);
        }
    }

    public void Dispose()
    {
        _public.Dispose();
        _any.Dispose();
    }

    private async Task<HttpRequestMessage> RequestAsync(WebhookTarget to, Guid notice, byte[] body, CancellationToken ct)
    {
        var secret = string.IsNullOrEmpty(to.SecretFile) ? to.Secret! : (await File.ReadAllTextAsync(to.SecretFile, ct)).Trim();
        if (!WebhookOptions.IsSecret(secret))
            throw new IOException($"{to.SecretFile} has no secret of Standard Webhooks.");
        var (id, at) = (Id(notice), time.GetUtcNow());
        HttpRequestMessage request = new(HttpMethod.Post, to.Url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("webhook-id", id);
        request.Headers.Add("webhook-timestamp", at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("webhook-signature", new StandardWebhook(secret).Sign(id, at, Encoding.UTF8.GetString(body)));
        return request;
    }

    /// <summary>The same for every attempt, so that a target can tell repeats.</summary>
    public static string Id(Guid notice) => $"msg_{notice:N}";

    private static HttpClient Client(SocketsHttpHandler handler)
    {
        HttpClient client = new(handler) { Timeout = System.Threading.Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("Overnight", null));
        return client;
    }
}
