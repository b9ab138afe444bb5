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
internal sealed class CachedDashboard(
    RequestDelegate next,
    SessionStore sessions,
    KnownSessions known,
    ResultReader results,
    MarketCatalog markets,
    TimeProvider time
)
{
    public Task InvokeAsync(HttpContext context) =>
        context.Request.Path.Value == DashboardRoutes.Path
        && HttpMethods.IsGet(context.Request.Method)
        && SessionHandler.TryGetToken(context.Request, out var token)
        && SessionToken.TryHash(token, out var hash)
        && known.TryGet(hash, out var guess)
            ? AnswerAsync(context, guess)
            : next(context);

    private async Task AnswerAsync(HttpContext context, KnownSession guess)
    {
        var finding = sessions.ReadAsync(guess.Hash);
        var reading = results.ReadCachedAsync(guess.UserId);
        var cached = await finding;
        var entry = await reading;
        if (entry is not null && cached.Lookup is { Session: { } session } && session.UserId == guess.UserId)
        {
            var now = time.GetUtcNow();
            guess.Use(now);
            await new DashboardAnswer(entry, fromCache: true, now, markets.OfUser(session.Markets)).ExecuteAsync(context);
            return;
        }
        context.Features.Set(new BegunSession(cached));
        context.Features.Set(new BegunRead(guess.UserId, entry));
        await next(context);
    }
}

/// <summary>What the cache had for the user who is probably signed in; null is a miss.</summary>
internal sealed record BegunRead(Guid UserId, byte[]? Entry);
