using Overnight.Api.Sessions;
using Overnight.Core.Market.Calendars;
using Overnight.Core.Results;
using Overnight.Core.Sessions;

namespace Overnight.Api.Dashboard;

/// <summary>
/// The morning's request from its token to its last byte, without a round trip where this node's memory has both session and
/// result, else with one where it remembers whose token it is. Whatever is not so simple goes to the route, with what was found
/// out, and the route explains.
/// </summary>
/// <remarks>
/// It stands in front of authentication and its policies, and grants nothing they would not: it answers the user of a
/// valid session, and only from that user's entry.
/// </remarks>
internal sealed class CachedDashboard(
    RequestDelegate next,
    SessionReader sessions,
    SessionPrefetch prefetch,
    ResultReader results,
    MarketCatalog markets,
    TimeProvider time
)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (
            context.Request.Path.Value != DashboardRoutes.Path
            || context.Request.QueryString.HasValue
            || !HttpMethods.IsGet(context.Request.Method)
            || !SessionHandler.TryGetToken(context.Request, out var token)
            || !SessionToken.TryHash(token, out var hash)
            || !prefetch.TryGet(hash, out var prefetched)
        )
            return next(context);
        // The memory alone: nothing is awaited, and no task made.
        if (sessions.Recall(hash) is not { } session || session.UserId != prefetched.UserId)
            return AskAsync(context, prefetched);
        return results.Entries.TryGetMemory(session.UserId, out var entry)
            ? AnswerAsync(context, prefetched, session, entry!)
            : AskAsync(context, prefetched, session);
    }

    /// <summary>Both are begun before either is awaited, so that they go out together.</summary>
    private async Task AskAsync(HttpContext context, PrefetchedSession prefetched, ActiveSession? session = null)
    {
        var finding = session is null ? sessions.ReadAsync(prefetched.Hash) : default;
        var reading = results.Entries.ReadAsync(prefetched.UserId);
        if (session is null && await finding is var lookup)
        {
            session = lookup?.Session is { } found && found.ExpiresAt > time.GetUtcNow() ? found : null;
            if (lookup is null)
                context.Features.Set(SessionCacheMiss.Instance);
        }
        var entry = await reading;
        if (entry is not null && session?.UserId == prefetched.UserId)
        {
            await AnswerAsync(context, prefetched, session, entry);
            return;
        }
        if (entry is null)
            context.Features.Set(new ResultCacheMiss(prefetched.UserId));
        await next(context);
    }

    private Task AnswerAsync(HttpContext context, PrefetchedSession prefetched, ActiveSession session, byte[] entry)
    {
        var now = time.GetUtcNow();
        prefetched.Use(now);
        return new DashboardAnswer(entry, fromCache: true, now, markets.OfUser(session.Markets)).ExecuteAsync(context);
    }
}

/// <summary>On a request whose result was looked for in the cache before it came to its route, and is not there.</summary>
internal sealed record ResultCacheMiss(Guid UserId);
