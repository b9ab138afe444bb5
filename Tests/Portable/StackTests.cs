using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Portable;

/// <summary>Both stacks, as MSBuild evaluates them: what is shared between them may use nothing that only one of them has.</summary>
public sealed partial class StackTests
{
    private static readonly string[] Projects =
    [
        "Core",
        "ServiceDefaults",
        "Jobs",
        "Api",
        "AppHost",
        "LocalServers",
        "Tests",
        "Benchmarks",
    ];

    /// <summary>Folders that are compiled in one stack only.</summary>
    private static readonly string[] OfOneStack =
    [
        "Portable",
        "Scheduling/Quartz",
        "Scheduling/TickerQ",
        "Deployment/Aspire",
        "Deployment/Local",
        "ServiceDefaults/Aspire",
    ];

    /// <summary>Packages of the portable stack that the other has through one of its own.</summary>
    private static readonly Dictionary<string, string> Brought = new()
    {
        ["OpenTelemetry"] = "OpenTelemetry.Extensions.Hosting",
        ["Npgsql"] = "Aspire.Npgsql",
        ["Npgsql.EntityFrameworkCore.PostgreSQL"] = "Aspire.Npgsql.EntityFrameworkCore.PostgreSQL",
        ["Microsoft.EntityFrameworkCore"] = "Aspire.Npgsql.EntityFrameworkCore.PostgreSQL",
        ["Microsoft.EntityFrameworkCore.Relational"] = "Aspire.Npgsql.EntityFrameworkCore.PostgreSQL",
        ["StackExchange.Redis"] = "Aspire.StackExchange.Redis",
    };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AspireStack_HasThePackagesItIsToHave()
    {
        var packages = (await Task.WhenAll(Projects.Select(project => PackagesAsync(project, "aspire")))).SelectMany(p => p).ToHashSet();

        Assert.Equal(
            [
                "Aspire.Hosting.Azure.AppContainers",
                "Aspire.Hosting.Azure.PostgreSQL",
                "Aspire.Hosting.Azure.Redis",
                "Aspire.Hosting.Docker",
                "Aspire.Hosting.Kubernetes",
                "Aspire.Hosting.PostgreSQL",
                "Aspire.Hosting.Redis",
                "Aspire.Hosting.Testing",
                "Aspire.Npgsql",
                "Aspire.Npgsql.EntityFrameworkCore.PostgreSQL",
                "Aspire.StackExchange.Redis",
                "Microsoft.Extensions.Http.Resilience",
                "Microsoft.Extensions.ServiceDiscovery",
                "OpenTelemetry.Exporter.OpenTelemetryProtocol",
                "OpenTelemetry.Extensions.Hosting",
                "OpenTelemetry.Instrumentation.AspNetCore",
                "OpenTelemetry.Instrumentation.Http",
                "OpenTelemetry.Instrumentation.Runtime",
                "TickerQ",
                "TickerQ.Dashboard",
                "TickerQ.Instrumentation.OpenTelemetry",
            ],
            packages.Where(p => OfAspire().IsMatch(p)).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task PortableStack_HasNoneOfThem()
    {
        var packages = (await Task.WhenAll(Projects.Select(project => PackagesAsync(project, "portable")))).SelectMany(p => p).ToHashSet();

        Assert.Equal(
            ["OpenTelemetry", "OpenTelemetry.Exporter.OpenTelemetryProtocol"],
            packages.Where(p => OfAspire().IsMatch(p)).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task SharedCode_UsesNoPackageOfOneStackAlone()
    {
        foreach (var project in Projects)
        {
            var (portable, aspire) = (await PackagesAsync(project, "portable"), await PackagesAsync(project, "aspire"));
            // What a name of the other stack's package stands for is supplied by Portable/, which DriftTests guard; the rest is not there.
            var alone = portable
                .Except(aspire)
                .Where(p => !Brought.TryGetValue(p, out var by) || !aspire.Contains(by))
                .Concat(aspire.Except(portable).Where(p => p.StartsWith("TickerQ", StringComparison.Ordinal)))
                .ToList();

            foreach (var file in SharedFiles(project))
            {
                var used = Using().Matches(await File.ReadAllTextAsync(file, Ct)).Select(match => match.Groups["space"].Value);
                Assert.DoesNotContain(used, space =>
                    alone.Exists(package => space == package || space.StartsWith($"{package}.", StringComparison.Ordinal))
                );
            }
        }
    }

    [Fact]
    public void SharedCode_HasNoConditionalCompilation() =>
        Assert.All(Projects.SelectMany(SharedFiles), file => Assert.DoesNotMatch(@"(?m)^\s*#if", File.ReadAllText(file)));

    private static IEnumerable<string> SharedFiles(string project) =>
        Directory
            .EnumerateFiles(Path.Combine(Repository.Folder, project), "*.cs", SearchOption.AllDirectories)
            .Where(file =>
                Path.GetRelativePath(Repository.Folder, file).Replace('\\', '/') is var path
                && !path.Contains("/bin/", StringComparison.Ordinal)
                && !path.Contains("/obj/", StringComparison.Ordinal)
                && !OfOneStack.Any(folder => $"/{path}".Contains($"/{folder}/", StringComparison.Ordinal))
            );

    private static async Task<HashSet<string>> PackagesAsync(string project, string stack)
    {
        ProcessStartInfo start = new(
            "dotnet",
            [
                "msbuild",
                Path.Combine(Repository.Folder, project, $"{project}.csproj"),
                $"-p:OvernightStack={stack}",
                "-p:AspireSdk=none",
                "-getItem:PackageReference",
                "-nodeReuse:false",
            ]
        )
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(Ct);
        await process.WaitForExitAsync(Ct);
        Assert.True(process.ExitCode == 0, output);
        return
        [
            .. JsonElement
                .Parse(output)
                .GetProperty("Items")
                .GetProperty("PackageReference")
                .EnumerateArray()
                .Select(item => item.GetProperty("Identity").GetString()!),
        ];
    }

    [GeneratedRegex(@"^(Aspire|TickerQ|OpenTelemetry|Microsoft\.Extensions\.(Http\.Resilience|ServiceDiscovery))")]
    private static partial Regex OfAspire();

    [GeneratedRegex(@"(?m)^(?:global )?using (?:static )?(?<space>[A-Z][\w.]*);")]
    private static partial Regex Using();
}
