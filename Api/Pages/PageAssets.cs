using System.Security.Cryptography;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;
using Overnight.Api.Sessions;

namespace Overnight.Api.Pages;

/// <summary>
/// The stylesheet, the script and the mark, from the assembly. Pages name them with a digest of their content, so browsers keep them for
/// good; under their plain names they are revalidated by ETag.
/// </summary>
internal static class PageAssets
{
    private const string Route = "/pages/{file}";

    // One file each for browsers; the parts of the operations pages are kept apart in the source.
    private static readonly Asset StyleAsset = Read("overnight.css", "text/css; charset=utf-8", "operations.css"),
        ScriptAsset = Read("overnight.js", "text/javascript; charset=utf-8", "operations.js"),
        IconAsset = Read("mark.svg", "image/svg+xml");

    private static readonly Dictionary<string, Asset> ByName = ((Asset[])[StyleAsset, ScriptAsset, IconAsset])
        .SelectMany(asset => (KeyValuePair<string, Asset>[])[new(asset.Name, asset), new(asset.DigestName, asset)])
        .ToDictionary(StringComparer.Ordinal);

    /// <summary>Addresses for pages.</summary>
    public static string Style { get; } = StyleAsset.Address;
    public static string Script { get; } = ScriptAsset.Address;
    public static string Icon { get; } = IconAsset.Address;

    public static void MapPageAssets(this WebApplication app)
    {
        app.MapGet(Route, Get).AllowAnonymous().DisableRateLimiting().ExcludeFromDescription().WithMetadata(new WithoutSession());
        // Browsers ask for this where an answer is no page, such as the text of a result.
        app.MapGet("/favicon.ico", static (HttpResponse response) => Get(IconAsset.Name, response))
            .AllowAnonymous()
            .DisableRateLimiting()
            .ExcludeFromDescription()
            .WithMetadata(new WithoutSession());
    }

    private static Results<FileContentHttpResult, ProblemHttpResult> Get(string file, HttpResponse response)
    {
        if (!ByName.TryGetValue(file, out var asset))
        {
            return TypedResults.Problem(
                "There is no file of this name; a page from before an update asks for older ones. Reload it.",
                statusCode: StatusCodes.Status404NotFound,
                title: "Not found"
            );
        }
        response.Headers.CacheControl = file == asset.DigestName ? "public, max-age=31536000, immutable" : "no-cache";
        return TypedResults.Bytes(asset.Content, asset.ContentType, entityTag: asset.Tag);
    }

    /// <param name="more">Files that follow it in the same asset.</param>
    private static Asset Read(string name, string contentType, params IEnumerable<string> more)
    {
        byte[] content = [.. ((IEnumerable<string>)[name, .. more]).SelectMany(Bytes)];
        var digest = Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 8));
        var dot = name.LastIndexOf('.');
        return new(name, $"{name[..dot]}.{digest}{name[dot..]}", contentType, content, new($"\"{digest}\""));
    }

    private static byte[] Bytes(string file)
    {
        using var stream = typeof(PageAssets).Assembly.GetManifestResourceStream($"pages/{file}")
            ?? throw new InvalidOperationException($"The assembly has no {file}.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private sealed record Asset(string Name, string DigestName, string ContentType, byte[] Content, EntityTagHeaderValue Tag)
    {
        public string Address => $"/pages/{DigestName}";
    }
}
