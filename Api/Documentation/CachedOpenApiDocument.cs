using System.Security.Cryptography;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Net.Http.Headers;
using Microsoft.OpenApi;

namespace Overnight.Api.Documentation;

/// <summary>The OpenAPI document. It is built once per process, because building it takes as long as a hundred requests.</summary>
internal sealed class CachedOpenApiDocument([FromKeyedServices(CachedOpenApiDocument.Name)] IOpenApiDocumentProvider provider) : IDisposable
{
    public const string Name = "v1",
        Path = $"/openapi/{Name}.json";

    private readonly SemaphoreSlim _turn = new(1);
    private Built? _built;

    public async Task<FileContentHttpResult> GetAsync(HttpResponse response, CancellationToken ct)
    {
        var built = Volatile.Read(ref _built) ?? await BuildAsync(ct);
        // Clients may cache the document, and revalidate it with its ETag.
        response.Headers.CacheControl = "no-cache";
        return TypedResults.Bytes(built.Json, "application/json; charset=utf-8", entityTag: built.Tag);
    }

    public void Dispose() => _turn.Dispose();

    // A build that fails is not stored, so the next request builds again.
    private async Task<Built> BuildAsync(CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            if (_built is { } other)
                return other;
            var document = await provider.GetOpenApiDocumentAsync(ct);
            using MemoryStream json = new();
            await document.SerializeAsJsonAsync(json, OpenApiSpecVersion.OpenApi3_1, ct);
            var bytes = json.ToArray();
            Built built = new(bytes, new($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 16))}\""));
            Volatile.Write(ref _built, built);
            return built;
        }
        finally
        {
            _turn.Release();
        }
    }

    private sealed record Built(byte[] Json, EntityTagHeaderValue Tag);
}
