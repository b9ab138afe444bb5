using ArchUnitNET.Loader;
using ArchUnitNET.xUnitV3;
using static ArchUnitNET.Fluent.ArchRuleDefinition;
using static ArchUnitNET.Fluent.Slices.SliceRuleDefinition;

namespace Overnight.Tests.Architecture;

/// <summary>Who may know whom.</summary>
public sealed class ArchitectureTests
{
    private static readonly Lazy<ArchUnitNET.Domain.Architecture> Product = new(() =>
        new ArchLoader()
            .LoadAssemblies(
                typeof(Core.Caching.CacheStore).Assembly,
                typeof(Api.ApiMarker).Assembly,
                typeof(Jobs.JobsBuilder).Assembly,
                typeof(Microsoft.Extensions.Hosting.StoreExtensions).Assembly
            )
            .Build()
    );

    [Fact]
    public void FoldersOfCore_HaveNoCycles() => Slices().Matching("Overnight.Core.(*)..").Should().BeFreeOfCycles().Check(Product.Value);

    [Fact]
    public void Calculation_KnowsNoDatabaseAndNoCache() =>
        Types()
            .That()
            .ResideInNamespaceMatching(@"^Overnight\.Core\.(Portfolios|Scoring|Recommendations)(\.|$)")
            .Should()
            .NotDependOnAnyTypesThat()
            .ResideInNamespaceMatching(
                @"^(Npgsql|StackExchange\.Redis|Microsoft\.EntityFrameworkCore|Overnight\.Core\.(Caching|Data|Warming|Results))(\.|$)"
            )
            .Check(Product.Value);

    [Fact]
    public void ApiAndJobs_DoNotKnowEachOther()
    {
        NotDepend(@"^Overnight\.Api(\.|$)", @"^Overnight\.Jobs(\.|$)");
        NotDepend(@"^Overnight\.Jobs(\.|$)", @"^Overnight\.Api(\.|$)");
    }

    /// <summary>The auditor can't find a fault of code that it uses itself.</summary>
    [Fact]
    public void Auditor_KnowsNothingOfTheProduct()
    {
        var auditor = typeof(Auditor.DatabaseAudit).Assembly;
        Assert.DoesNotContain(auditor.GetReferencedAssemblies(), name => name.Name!.StartsWith("Overnight.", StringComparison.Ordinal));
        Types()
            .That()
            .ResideInNamespaceMatching(@"^Overnight\.Auditor(\.|$)")
            .Should()
            .NotDependOnAnyTypesThat()
            .ResideInNamespaceMatching(@"^Overnight\.(Api|Core|Jobs|ServiceDefaults)(\.|$)")
            .Check(new ArchLoader().LoadAssemblies(auditor).Build());
    }

    [Fact]
    public void Core_KnowsNoHostAndNoHttp() =>
        NotDepend(
            @"^Overnight\.Core(\.|$)",
            @"^(Overnight\.(Api|Jobs|ServiceDefaults)|Microsoft\.AspNetCore|Microsoft\.Extensions\.Hosting|TickerQ)(\.|$)"
        );

    /// <summary>In the product the cache's client is named where it is set up and in the one folder that speaks to the server.</summary>
    [Fact]
    public void CacheClient_IsKnownToTheServerFolderAlone()
    {
        var known = Product
            .Value.Types.Where(type =>
                type.Assembly.Name.StartsWith("Overnight.", StringComparison.Ordinal)
                && type.Dependencies.Any(d => d.Target.FullName.StartsWith("StackExchange.Redis", StringComparison.Ordinal))
            )
            .Select(type => Outermost(type.FullName))
            .Distinct()
            .Order(StringComparer.Ordinal);
        Assert.Equal(
            [
                "Microsoft.Extensions.Hosting.StoreExtensions",
                "Overnight.Api.Connections",
                "Overnight.Core.Caching.CacheConnection",
                "Overnight.Core.Caching.CacheStore",
                "Overnight.Jobs.JobsBuilder",
            ],
            known
        );
    }

    private static string Outermost(string name) => name.Split('+', '<')[0];

    private static void NotDepend(string from, string on) =>
        Types()
            .That()
            .ResideInNamespaceMatching(from)
            .Should()
            .NotDependOnAnyTypesThat()
            .ResideInNamespaceMatching(on)
            .Check(Product.Value);
}
