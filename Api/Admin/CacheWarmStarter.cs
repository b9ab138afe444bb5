using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;
using Overnight.Api.Problems;
using Overnight.Api.Sessions;
using Overnight.Core.Actions;
using Overnight.Core.Caching;
using Overnight.Core.Flags;
using Overnight.Core.Reference;
using Overnight.Core.Warming;

namespace Overnight.Api.Admin;

/// <summary>Begins the warms that administrators ask for, by a program or by a form.</summary>
internal sealed class CacheWarmStarter(
    Warmer warmer,
    TenantDirectory tenants,
    CacheStore cache,
    NpgsqlDataSource database,
    TimeProvider time,
    IHostApplicationLifetime lifetime
)
{
    /// <param name="body">JSON of a <see cref="CacheWarmRequest"/>.</param>
    /// <returns>The warm, which goes on when the client disconnects, since a half-finished one would only have to be resumed; or why none
    /// was begun.</returns>
    /// <exception cref="CacheAwayException">The cache can't be reached; the warm itself would only report failed sets.</exception>
    public async Task<(ValidationProblem? Refused, Task<WarmReport>? Warm)> BeginAsync(
        Stream body,
        HttpContext context,
        CancellationToken ct
    )
    {
        var (asked, errors) = await CacheWarmRequest.ReadAsync(body, ct);
        await tenants.CheckAsync(asked.Tenant, "tenant", errors, ct);
        IReadOnlyList<WarmSet> sets = [];
        try
        {
            sets = warmer.Find(asked.Sets ?? (asked.FlagKeys is null ? null : [FlagWarmSet.SetName]), asked.Tenant);
        }
        catch (KeyNotFoundException unknown)
        {
            errors["sets"] = [unknown.Message];
        }
        if (asked.FlagKeys is not null && sets.Any(set => set.Name != FlagWarmSet.SetName))
            errors["flagKeys"] = [$"belong to the set {FlagWarmSet.SetName}; leave the other sets out"];
        if (errors.Count > 0)
            return (InvalidRequest.Problem(errors, "The warm asked for is not valid"), null);
        await cache.PingAsync();
        WarmRequest warm = new(
            WarmTrigger.Api,
            asked.Count,
            asked.Tenant,
            Keys: asked.FlagKeys,
            CorrelationId: Guid.CreateVersion7(time.GetUtcNow())
        );
        await ActionLog.WriteAsync(database, warm.Logged(SessionPrincipal.ActorOf(context), sets), time.GetUtcNow(), ct);
        return (null, warmer.WarmAsync(sets, warm, null, lifetime.ApplicationStopping));
    }
}
