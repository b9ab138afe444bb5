using Microsoft.Extensions.Configuration;
using Overnight.Core;
using Overnight.Core.Sessions;

namespace Overnight.Tests.Sessions;

public sealed class AdminKeyOptionsTests
{
    private static readonly string Secret = new('k', 32);

    [Fact]
    public void Is_OnlyTheKeyItself()
    {
        var options = Configured(Secret);

        Assert.True(options.IsOn);
        Assert.True(options.Is(Secret));
        foreach (var other in (string[])["", Secret[1..], Secret + "k", Secret.ToUpperInvariant()])
            Assert.False(options.Is(other));
    }

    [Fact]
    public void Is_WithoutAKey_IsOffEvenForNone()
    {
        AdminKeyOptions options = new();

        Assert.False(options.IsOn);
        Assert.False(options.Is(""));
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(1, "Admin:Key must have at least 32 characters, or none to switch it off, and has 1.")]
    [InlineData(31, "Admin:Key must have at least 32 characters, or none to switch it off, and has 31.")]
    [InlineData(32, null)]
    public void Key_OfALength_IsRefusedByItAlone(int length, string? failure) =>
        Assert.Equal(
            failure is null ? null : [failure],
            new SectionValidator<AdminKeyOptions>(AdminKeyOptions.Section).Validate(null, Configured(new('k', length))).Failures
        );

    /// <summary>As it is bound, because reading and writing the key in code are banned.</summary>
    private static AdminKeyOptions Configured(string key)
    {
        AdminKeyOptions options = new();
        new ConfigurationBuilder()
            .AddInMemoryCollection([new($"{AdminKeyOptions.Section}:Key", key)])
            .Build()
            .GetSection(AdminKeyOptions.Section)
            .Bind(options);
        return options;
    }
}
