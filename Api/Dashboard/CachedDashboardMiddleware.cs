using Overnight.Api.Sessions;
using Overnight.Core.Market.Calendars;
using Overnight.Core.Results;
using Overnight.Core.Sessions;

namespace Overnight.Api.Dashboard;

/// <summary>
/// Answers the dashboard ahead of routing: without a round trip when this node's memory has both session and result, and with one
/// when it remembers the token's user. Every other request goes on to the route, with what was looked up here.
/// </summary>
/// <remarks>
/// It runs before authentication and grants nothing that authentication would not: it answers the user of a valid session, and
/// only from that user's entry.
/// </remarks>
internal sealed class CachedDashboardMiddleware(
    RequestDelegate next,
    SessionReader sessions,
    TokenOwners owners,
    ResultReader results,
    SessionCookie cookies,
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
            || !SessionHandler.TryGetToken(context, cookies, out var token)
            || !SessionToken.TryHash(token, out var hash)
            || !owners.TryGet(hash, out var owner)
        )
            return next(context);
        // Only memory is read, so nothing is awaited and no task is allocated.
        if (sessions.Recall(hash) is not { } session || session.UserId != owner.UserId)
            return AskAsync(context, owner);
        return results.Entries.TryGetMemory(session.UserId, out var entry)
            ? AnswerAsync(context, owner, session, entry!)
            : AskAsync(context, owner, session);
    }

    /// <summary>Starts both reads before it awaits either, so that they go out together.</summary>
    private async Task AskAsync(HttpContext context, TokenOwner owner, ActiveSession? session = null)
    {
        var finding = session is null ? sessions.ReadAsync(owner.Hash) : default;
        var reading = results.Entries.ReadAsync(owner.UserId);
        if (session is null && await finding is var lookup)
        {
            session = lookup?.Session is { } found && found.ExpiresAt > time.GetUtcNow() ? found : null;
            if (lookup is null)
                context.Features.Set(SessionCacheMiss.Instance);
        }
        var entry = await reading;
        if (entry is not null && session?.UserId == owner.UserId)
        {
            await AnswerAsync(context, owner, session, entry);
            return;
        }
        if (entry is null)
            context.Features.Set(new ResultCacheMiss(owner.UserId));
        await next(context);
    }

    private Task AnswerAsync(HttpContext context, TokenOwner owner, ActiveSession session, byte[] entry)
    {
        var now = time.GetUtcNow();
        owner.Use(now);
        return new DashboardHttpResult(entry, fromCache: true, now, markets.OfUser(session.Markets)).ExecuteAsync(context);
    }
}

/// <summary>Set on a request whose result is not in the cache, so that the route does not look it up there again.</summary>
internal sealed record ResultCacheMiss(Guid UserId);
