using Microsoft.Extensions.Configuration;
using Overnight.Core;
using Overnight.Jobs.Providers;

namespace Overnight.Tests.Providers;

/// <summary>STYLE 7: bad configuration names key, bound and value, all at once; a secret's value is never named.</summary>
public sealed class ProvidersOptionsTests
{
    [Fact]
    public void Defaults_AreValid_AndAskNobody()
    {
        Assert.Empty(Failures([]));
        ProvidersOptions options = new();
        Assert.Equal(["imported"], options.Rates.Names());
        Assert.Equal(["imported"], options.Prices.Names());
    }

    [Theory]
    [InlineData("Rates:Order", "ecb,stooq", "ecb, frankfurter, imported", "and is ecb,stooq.")]
    [InlineData("Rates:Order", "ecb,ecb", "each once", "and is ecb,ecb.")]
    [InlineData("Prices:Order", "", "stooq, imported", "and is empty.")]
    [InlineData("Rates:MaxMove", "0", "between 0.001 and 100", "and is 0.")]
    [InlineData("Prices:MaxRefusedShare", "2", "between 0 and 1", "and is 2.")]
    [InlineData("Prices:MaxAge", "00:00:01", "between 1.00:00:00", "and is 00:00:01.")]
    [InlineData("Ecb:Timeout", "00:00:00", "between 00:00:00.0100000", "and is 00:00:00.")]
    [InlineData("Ecb:Attempts", "0", "between 1 and 10", "and is 0.")]
    [InlineData("Stooq:RequestsPerMinute", "0", "between 1 and", "and is 0.")]
    [InlineData("Stooq:SymbolsPerRequest", "0", "between 1 and 1000", "and is 0.")]
    [InlineData("Stooq:TimeZone", "Mars/Olympus", "time zone", "and is Mars/Olympus.")]
    [InlineData("Stooq:Suffixes:LSE", "&x=", "letters", "and is &x=.")]
    [InlineData("Frankfurter:MaxBytes", "5", "between 1024", "and is 5.")]
    [InlineData("Frankfurter:KeyFile", "/nowhere/at/all", "a file that is there", "and is /nowhere/at/all.")]
    public void BadValue_NamesKeyBoundAndValue(string key, string value, string bound, string shown)
    {
        var failure = Assert.Single(Failures(new() { [$"Providers:{key}"] = value }));

        Assert.StartsWith($"Providers:{key} must be ", failure, StringComparison.Ordinal);
        Assert.Contains(bound, failure, StringComparison.Ordinal);
        Assert.Contains(shown, failure, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Ecb:BaseUrl", "https://someone:s3cret@example.org")]
    [InlineData("Ecb:BaseUrl", "https://example.org/?token=s3cret")]
    [InlineData("Ecb:BaseUrl", "ftp://s3cret.example.org")]
    [InlineData("Ecb:Path", "rates?token=s3cret")]
    [InlineData("Ecb:Key", "s3cret with blanks")]
    public void BadSecret_IsNamedButNotShown(string key, string value)
    {
        var failure = Assert.Single(Failures(new() { [$"Providers:{key}"] = value }));

        Assert.StartsWith($"Providers:{key} must be ", failure, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", failure, StringComparison.Ordinal);
    }

    [Fact]
    public void Key_OverPlainHttp_IsRefusedExceptToThisMachine()
    {
        Assert.Contains(
            "https",
            Assert.Single(Failures(new() { ["Providers:Ecb:BaseUrl"] = "http://example.org", ["Providers:Ecb:Key"] = "s3cret" })),
            StringComparison.Ordinal
        );
        Assert.Empty(Failures(new() { ["Providers:Ecb:BaseUrl"] = "http://127.0.0.1:1", ["Providers:Ecb:Key"] = "s3cret" }));
    }

    [Fact]
    public void ManyBadValues_AreAllNamed() =>
        Assert.Equal(
            3,
            Failures(
                new()
                {
                    ["Providers:Ecb:Attempts"] = "99",
                    ["Providers:Stooq:Attempts"] = "0",
                    ["Providers:Rates:Order"] = "x",
                }
            ).Count
        );

    private static List<string> Failures(Dictionary<string, string?> settings)
    {
        ProvidersOptions options = new();
        new ConfigurationBuilder().AddInMemoryCollection(settings).Build().GetSection(ProvidersOptions.Section).Bind(options);
        return [.. new SectionValidator<ProvidersOptions>(ProvidersOptions.Section).Validate(null, options).Failures ?? []];
    }
}
