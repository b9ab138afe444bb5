using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;
using Overnight.Core.Flags;

namespace Overnight.Api.Flags;

/// <summary>
/// The version of a flag that a change is meant for: the header If-Match (RFC 9110, 13.1.1), whose tag is the version in quotes
/// and which answers 412, or the field <c>version</c>, which answers 409. With both, both must match; with neither, the change is
/// always made.
/// </summary>
internal sealed class FlagPrecondition
{
    private readonly IList<EntityTagHeaderValue>? _tags;
    private readonly long? _version;

    private FlagPrecondition(IList<EntityTagHeaderValue>? tags, long? version) => (_tags, _version) = (tags, version);

    public static string Tag(long version) => $"\"{version}\"";

    /// <returns>False when the header can't be read; its error is added.</returns>
    public static FlagPrecondition Read(HttpRequest request, long? version, Dictionary<string, string[]> errors)
    {
        var header = request.Headers.IfMatch;
        IList<EntityTagHeaderValue>? tags = null;
        if (header.Count > 0 && !EntityTagHeaderValue.TryParseStrictList(header, out tags))
            errors["If-Match"] = [$"must be versions in quotes, such as {Tag(3)}, or *, and is '{header}'"];
        return new(tags, version);
    }

    public bool IsMet(FeatureFlag flag) => IsTagMet(flag) && (_version is not { } version || version == flag.Version);

    public ProblemHttpResult Problem(FeatureFlag current)
    {
        var (status, title) = IsTagMet(current)
            ? (StatusCodes.Status409Conflict, "The flag has another version")
            : (StatusCodes.Status412PreconditionFailed, "The flag does not match If-Match");
        return TypedResults.Problem(
            $"Flag '{current.Key}' has version {current.Version} by now. Read it again, and then repeat the change.",
            statusCode: status,
            title: title,
            extensions: new Dictionary<string, object?>(StringComparer.Ordinal) { ["currentVersion"] = current.Version }
        );
    }

    // RFC 9110: a weak tag never matches, and * matches every version.
    private bool IsTagMet(FeatureFlag flag) =>
        _tags is null
        || _tags.Any(tag =>
            tag.Equals(EntityTagHeaderValue.Any) || (!tag.IsWeak && tag.Tag.Equals(Tag(flag.Version), StringComparison.Ordinal))
        );
}
