using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Overnight.Core.Caching;

namespace Overnight.Core.Reference;

public static class ReferenceSetup
{
    /// <summary>Adds reading and invalidating tenants' reference data. It needs a cache and a database.</summary>
    public static IServiceCollection AddReferenceData(this IServiceCollection services)
    {
        services.AddCaching();
        services.TryAddSingleton<TenantDirectory>();
        services.TryAddSingleton<TenantGenerations>();
        services.TryAddSingleton<ReferenceInvalidation>();
        return services.AddReader<ReferenceReader>();
    }
}
