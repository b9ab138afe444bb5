using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Overnight.Core.Caching;

namespace Overnight.Core.Results;

public static class ResultSetup
{
    /// <summary>Adds reading, repairing and invalidating results. It needs a cache and a database.</summary>
    public static IServiceCollection AddResults(this IServiceCollection services)
    {
        services.AddCaching();
        services.TryAddSingleton<RepairQueue>();
        services.TryAddSingleton<ResultRepair>();
        services.TryAddSingleton<ResultInvalidation>();
        return services.AddReader<ResultReader>();
    }
}
