using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Problems;
using Overnight.Api.Sessions;
using Overnight.Core.Caching;
using Overnight.Core.Flags;

namespace Overnight.Api.Flags;

/// <summary>Changes flags for whoever asks: a program, or a form.</summary>
internal sealed class FlagChanges(FlagStore flags, FlagReader reader, CacheInvalidation cache)
{
    /// <param name="body">JSON of a <see cref="FlagPatch"/>.</param>
    /// <param name="context">The request, which may have If-Match.</param>
    public async Task<Results<Ok<FlagItem>, ValidationProblem, ProblemHttpResult>> ChangeAsync(
        string key,
        Stream body,
        HttpContext context,
        CancellationToken ct
    )
    {
        if (!FeatureFlag.IsKey(key))
            return FlagRoutes.WrongKey(key);
        var (patch, errors) = await FlagPatch.ReadAsync(body, ct);
        var precondition = FlagPrecondition.Read(context.Request, patch.Version, errors);
        if (errors.Count > 0)
            return InvalidRequest.Problem(errors, "The change asked for is not valid");

        // Not cancelled with the request: a committed change must be announced to the other nodes.
        var (before, after) = await flags.ChangeAsync(
            key,
            patch.Change,
            precondition.IsMet,
            SessionPrincipal.ActorOf(context),
            CancellationToken.None
        );
        if (before is null)
            return FlagRoutes.Missing(key);
        if (after is null)
            return precondition.Problem(before);
        await cache.ForgetAsync([reader.KeyOf(key)]);
        context.Response.Headers.ETag = FlagPrecondition.Tag(after.Version);
        return TypedResults.Ok(FlagItem.From(after));
    }
}
