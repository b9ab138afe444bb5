using Overnight.Api.Sessions;
using Overnight.Core.Caching;
using Overnight.Core.Market.Calendars;
using Overnight.Core.Sessions;

namespace Overnight.Api.Dashboard;

/// <summary>
/// The morning's request from its token to its last byte: session and result are asked of the cache side by side, and
/// answered as they are. Whatever is not so simple goes to the route, with what was found out, and the route explains.
/// </summary>
/// <remarks>
/// It stands in front of authentication and its policies, and grants nothing they would not: it answers the user of a
/// valid session, and only from that user's entry.
/// </remarks>
internal sealed class CachedDashboard(RequestDelegate next, SessionStore sessions, SessionOwners owners, SessionActivity activity, ResultReader results, MarketCatalog markets, TimeProvider time)
{
    public Task InvokeAsync(HttpContext context) =>
        context.Request.Path.Value == DashboardRoutes.Path && HttpMethods.IsGet(context.Request.Method)
        && SessionHandler.TryGetToken(context.Request, out var token) && SessionToken.TryHash(token, out var hash) && owners.TryGuess(hash, out var owner)
            ? AnswerAsync(context, hash, owner)
            : next(context);

    private async Task AnswerAsync(HttpContext context, string hash, Guid owner)
    {
        var finding = sessions.ReadAsync(hash);
        var reading = results.ReadCachedAsync(owner);
        var cached = await finding;
        var entry = await reading;
        if (entry is not null && cached.Lookup is { Session: { } session } && session.UserId == owner)
        {
            activity.Note(hash);
            await new DashboardAnswer(entry, fromCache: true, time.GetUtcNow(), markets.OfUser(session.Markets)).ExecuteAsync(context);
            return;
        }
        context.Features.Set(new BegunSession(cached));
        context.Features.Set(new BegunRead(owner, entry));
        await next(context);
    }
}

/// <summary>What the cache had for the user who is probably signed in; null is a miss.</summary>
internal sealed record BegunRead(Guid UserId, byte[]? Entry);
