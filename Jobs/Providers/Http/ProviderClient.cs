using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Logging;
using Polly;

namespace Overnight.Jobs.Providers.Http;

/// <summary>
/// Asks one provider over the network. It does not use IHttpClientFactory, whose defaults may add a second set of retries, and whose
/// logs and spans show addresses.
/// </summary>
internal sealed class ProviderClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly ResiliencePipeline _pipeline;
    private readonly EndpointOptions _options;
    private readonly TimeProvider _time;
    private readonly string _provider;
    private readonly RequestBudget? _budget;

    /// <param name="budget">Counts requests; null where nothing is to be counted.</param>
    public ProviderClient(string provider, EndpointOptions options, TimeProvider time, ILogger logger, RequestBudget? budget = null)
    {
        (_provider, _options, _time, _budget) = (provider, options, time, budget);
        _pipeline = ProviderPipeline.Create(provider, options, time, logger);
        SocketsHttpHandler handler = new()
        {
            // Unpacked bytes are counted, so that a small answer can't become a huge one.
            AutomaticDecompression = DecompressionMethods.All,
            // A key must not follow a redirection to another host.
            AllowAutoRedirect = false,
            UseCookies = false,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            // No span per request, since it would show the address; the fetch has a span.
            ActivityHeadersPropagator = null,
        };
        _http = new(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <param name="query">Escaped, without a question mark; empty for none.</param>
    /// <param name="read">Reads the body, or throws <see cref="ProviderException"/>; it runs inside the pipeline, so that a malformed
    /// answer counts as a failure.</param>
    /// <exception cref="ProviderException">Every attempt failed.</exception>
    public async Task<T> GetAsync<T>(
        string query,
        IReadOnlyList<string> mediaTypes,
        Func<ReadOnlyMemory<byte>, T> read,
        CancellationToken ct
    ) =>
        await _pipeline.ExecuteAsync(
            async token =>
            {
                try
                {
                    return read(await SendAsync(query, mediaTypes, token));
                }
                catch (HttpRequestException exception)
                {
                    // The exception's own message may quote the request, so it is replaced.
                    var ended =
                        exception.HttpRequestError is HttpRequestError.ResponseEnded
                        || exception is { HttpRequestError: HttpRequestError.Unknown, InnerException: IOException };
                    throw new ProviderException(
                        ended ? ProviderFault.CutOff : ProviderFault.Unreachable,
                        $"the connection failed ({exception.HttpRequestError})"
                    )
                    {
                        IsTransient = true,
                    };
                }
                catch (InvalidDataException)
                {
                    throw new ProviderException(ProviderFault.Malformed, "the answer can't be unpacked");
                }
                catch (IOException)
                {
                    throw new ProviderException(ProviderFault.CutOff, "the connection ended within the answer") { IsTransient = true };
                }
            },
            ct
        );

    public void Dispose() => _http.Dispose();

    private async Task<ReadOnlyMemory<byte>> SendAsync(string query, IReadOnlyList<string> mediaTypes, CancellationToken ct)
    {
        using var request = await RequestAsync(query, mediaTypes, ct);
        if (_budget is not null)
            await _budget.TakeAsync(_provider, _options.RequestsPerDay, ct);
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        if (response.StatusCode != HttpStatusCode.OK)
            throw Refused(response);
        var type = response.Content.Headers.ContentType?.MediaType;
        if (type is null || !mediaTypes.Contains(type, StringComparer.OrdinalIgnoreCase))
        {
            throw new ProviderException(
                ProviderFault.ContentType,
                $"the answer is {(type is null or { Length: > 50 } ? "of no type" : type)}, not {mediaTypes[0]}"
            );
        }
        return await ReadAsync(response.Content, ct);
    }

    private async Task<HttpRequestMessage> RequestAsync(string query, IReadOnlyList<string> mediaTypes, CancellationToken ct)
    {
        var key = await KeyAsync(ct);
        var inQuery = key is not null && !string.IsNullOrEmpty(_options.KeyParameter);
        if (inQuery)
            query += $"{(query.Length > 0 ? "&" : "")}{Uri.EscapeDataString(_options.KeyParameter!)}={Uri.EscapeDataString(key!)}";
        UriBuilder address = new(_options.BaseUrl);
        address.Path = $"{address.Path.TrimEnd('/')}/{_options.Path.TrimStart('/')}";
        address.Query = query;
        HttpRequestMessage request = new(HttpMethod.Get, address.Uri);
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("Overnight", "1.0"));
        foreach (var mediaType in mediaTypes)
            request.Headers.Accept.Add(new(mediaType));
        if (key is not null && !inQuery)
            request.Headers.TryAddWithoutValidation(_options.KeyHeader, key);
        return request;
    }

    private async Task<string?> KeyAsync(CancellationToken ct)
    {
        if (!string.IsNullOrEmpty(_options.Key))
            return _options.Key;
        if (string.IsNullOrEmpty(_options.KeyFile))
            return null;
        try
        {
            // Read each time, since a secret may be changed while the service runs.
            var key = (await File.ReadAllTextAsync(_options.KeyFile, ct)).Trim();
            if (key.Length > 0 && key.All(c => c is > ' ' and < (char)127))
                return key;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Without its key this provider fails, and the next one is asked.
        }
        throw new ProviderException(ProviderFault.NoKey, "the file of its key can't be read, or is not one line of printable ASCII");
    }

    private ProviderException Refused(HttpResponseMessage response)
    {
        var status = (int)response.StatusCode;
        var wait = response.Headers.RetryAfter is { } after ? after.Delta ?? after.Date - _time.GetUtcNow() : null;
        if (wait < TimeSpan.Zero)
            wait = TimeSpan.Zero;
        return new(
            status == 429 ? ProviderFault.RateLimited : ProviderFault.HttpStatus,
            $"status {status}{(wait is { } time ? $", to be asked again after {time.TotalSeconds:F0} s" : "")}"
        )
        {
            IsTransient = status is 408 or 429 or >= 500,
            RetryAfter = wait,
        };
    }

    private async Task<ReadOnlyMemory<byte>> ReadAsync(HttpContent content, CancellationToken ct)
    {
        if (content.Headers.ContentLength > _options.MaxBytes)
            throw TooLarge();
        await using var body = await content.ReadAsStreamAsync(ct);
        using MemoryStream bytes = new();
        var buffer = new byte[16 * 1024];
        for (int count; (count = await body.ReadAsync(buffer, ct)) > 0; )
        {
            if (bytes.Length + count > _options.MaxBytes)
                throw TooLarge();
            bytes.Write(buffer, 0, count);
        }
        return bytes.GetBuffer().AsMemory(0, (int)bytes.Length);
    }

    private ProviderException TooLarge() => new(ProviderFault.TooLarge, $"the answer is longer than {_options.MaxBytes} bytes");
}
