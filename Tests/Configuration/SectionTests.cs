using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Overnight.Api;
using Overnight.Core;
using Overnight.Core.Caching;
using Overnight.Core.Sessions;
using Overnight.Core.Warming;
using Overnight.Jobs.Commands;
using Overnight.Jobs.Pipeline;
using Overnight.Jobs.Providers;
using Overnight.Tests.Providers;

namespace Overnight.Tests.Configuration;

/// <summary>every wrong key is told with its bound and value, and a key that nobody reads is told with the one it is near to.</summary>
public sealed class SectionTests
{
    [Theory]
    [InlineData("BatchSize", "abc", "Night:BatchSize must be a whole number between 1 and 5000, and is 'abc'.")]
    [InlineData("BatchSize", "", "Night:BatchSize must be a whole number between 1 and 5000, and is empty.")]
    [InlineData("BatchSize", "5001", "Night:BatchSize must be between 1 and 5000, and is 5001.")]
    [InlineData("BatchSize", "99999999999", "Night:BatchSize must be a whole number between 1 and 5000, and is '99999999999'.")]
    [InlineData(
        "PollInterval",
        "5",
        "Night:PollInterval must be between 00:00:00.1000000 and 00:10:00, and is 5.00:00:00 (written as '5')."
    )]
    [InlineData(
        "PollInterval",
        "5 s",
        "Night:PollInterval must be a duration (hh:mm:ss, or days.hh:mm:ss) between 00:00:00.1000000 and 00:10:00, and is '5 s'."
    )]
    public void Night_ValueThatCantBe_IsToldWithKeyBoundAndValue(string key, string value, string message) =>
        Assert.Equal([message], Failures<RunOptions>(RunOptions.Section, ($"Night:{key}", value)));

    [Theory]
    [InlineData("Enabled", "maybe", "Warming:Enabled must be true or false, and is 'maybe'.")]
    [InlineData("Flags:Order", "Last", "Warming:Flags:Order must be Count or LastAccess, and is 'Last'.")]
    [InlineData("Flags:Order", "7", "Warming:Flags:Order must be Count or LastAccess, and is '7'.")]
    [InlineData("Flags", "off", "Warming:Flags must be a group of keys (Warming:Flags:..), and is 'off'.")]
    [InlineData("Sets:shop:Phase", "first", "Warming:Sets:shop:Phase must be a whole number, and is 'first'.")]
    public void Warming_ValueOfAnotherType_IsToldWithKeyAndValue(string key, string value, string message) =>
        Assert.Equal(
            [message],
            Failures<WarmingOptions>(
                WarmingOptions.Section,
                ("Warming:Sets:shop:Key", "shop:{sku}"),
                ("Warming:Sets:shop:Sql", "select 1"),
                ($"Warming:{key}", value)
            )
        );

    [Fact]
    public void Section_WrongTypesAndBounds_AreToldTogetherAndTheRestIsBound()
    {
        var services = Services([], ("Night:BatchSize", "abc"), ("Night:Workers", "0"), ("Night:MaxAttempts", "11"));
        services.AddSection<RunOptions>(RunOptions.Section);
        using var provider = services.BuildServiceProvider();

        var failures = Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IOptions<RunOptions>>().Value).Failures;

        Assert.Equal(["Night:BatchSize", "Night:MaxAttempts", "Night:Workers"], failures.Select(failure => failure.Split(' ')[0]).Order());
    }

    [Theory]
    [InlineData("Night:BatchSise", "Did you mean Night:BatchSize?")]
    [InlineData("Night:batchszie", "Did you mean Night:BatchSize?")]
    [InlineData("Night:Size", "Known are: Night:BatchSize, Night:Workers, ")]
    [InlineData("Nigth:BatchSize", "Did you mean Night:BatchSize?")]
    [InlineData("Night:BatchSize:0", "Known are: Night:BatchSize.")]
    public void Key_ThatIsNotKnown_IsWarnedOfWithTheNearest(string key, string advice)
    {
        var warning = Assert.Single(Warnings<RunOptions>(RunOptions.Section, (key, "secret")));

        Assert.StartsWith($"Warning {key} in the configuration is not known, and is ignored. {advice}", warning, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", warning, StringComparison.Ordinal);
    }

    [Fact]
    public void Keys_ThatAreKnown_AreNotWarnedOf()
    {
        Assert.Empty(
            Warnings<RunOptions>(RunOptions.Section, ("night:batchsize", "7"), ("Daylight:BatchSize", "7"), ("Nights:Length", "7"))
        );
        Assert.Empty(
            Warnings<ProvidersOptions>(
                ProvidersOptions.Section,
                ("Providers:Stooq:Suffixes:LSE", ".uk"),
                ("Providers:Ecb:Key", "k"),
                ("Providers:Rates:Order", "ecb")
            )
        );
        Assert.Empty(
            Warnings<UserSessionOptions>(
                UserSessionOptions.Section,
                ("Sessions:SigningKeys:0", Convert.ToBase64String(new byte[32])),
                ("Sessions:Lifetime", "1")
            )
        );
    }

    [Fact]
    public void Section_AddedByTwoCapabilities_IsBoundOnce()
    {
        var services = Services([], ("Sessions:SigningKeys:0", Convert.ToBase64String(new byte[32])));
        services.AddSection<UserSessionOptions>(UserSessionOptions.Section);
        services.AddSection<UserSessionOptions>(UserSessionOptions.Section);
        using var provider = services.BuildServiceProvider();

        Assert.Single(provider.GetRequiredService<IOptions<UserSessionOptions>>().Value.SigningKeys);
    }

    /// <summary>A number or a duration without a bound is one that nobody thought through.</summary>
    [Fact]
    public void Options_OfTheWholeProduct_BoundEveryNumberAndDuration()
    {
        var options = ((Assembly[])[typeof(CacheStore).Assembly, typeof(ApiMarker).Assembly, typeof(CommandLine).Assembly])
            .SelectMany(assembly => assembly.GetTypes())
            .Where(type => type.GetField("Section", BindingFlags.Public | BindingFlags.Static) is { IsLiteral: true })
            .ToList();

        Assert.InRange(options.Count, 10, int.MaxValue);
        Assert.Equal(
            // Held to bounds that depend on other keys, by ProviderRules.
            ["EndpointOptions.Budget", "EndpointOptions.MaxRetryDelay"],
            options.SelectMany(Unbounded).Distinct().Order(StringComparer.Ordinal)
        );
    }

    private static IEnumerable<string> Unbounded(Type options) =>
        options
            .GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.SetMethod is { IsPublic: true })
            .SelectMany(property =>
                property.PropertyType.Assembly == options.Assembly && property.PropertyType.IsClass ? Unbounded(property.PropertyType)
                : (property.PropertyType.IsPrimitive && property.PropertyType != typeof(bool))
                || property.PropertyType == typeof(decimal)
                || property.PropertyType == typeof(TimeSpan)
                    ? property.GetCustomAttribute<BetweenAttribute>() is null ? [$"{property.DeclaringType!.Name}.{property.Name}"]
                        : []
                : []
            );

    private static IEnumerable<string> Failures<TOptions>(string section, params (string, string)[] settings)
        where TOptions : class
    {
        var services = Services([], settings);
        services.AddSection<TOptions>(section);
        using var provider = services.BuildServiceProvider();
        return Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IOptions<TOptions>>().Value).Failures;
    }

    private static IEnumerable<string> Warnings<TOptions>(string section, params (string, string)[] settings)
        where TOptions : class
    {
        LogLines log = new();
        var services = Services([new LogLinesProvider(log)], settings);
        services.AddSection<TOptions>(section);
        using var provider = services.BuildServiceProvider();
        _ = provider.GetRequiredService<IOptions<TOptions>>().Value;
        // As ValidateOnStart makes them.
        _ = provider.GetRequiredService<IOptionsMonitor<TOptions>>().CurrentValue;
        return log.All;
    }

    private static ServiceCollection Services(ILoggerProvider[] logs, params (string Key, string Value)[] settings)
    {
        ServiceCollection services = new();
        services.AddLogging(logging =>
        {
            foreach (var log in logs)
                logging.AddProvider(log);
        });
        services.AddSingleton<IConfiguration>(
            new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value))).Build()
        );
        return services;
    }
}
