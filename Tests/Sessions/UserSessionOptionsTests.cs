using Overnight.Core;
using Overnight.Core.Sessions;

namespace Overnight.Tests.Sessions;

public sealed class UserSessionOptionsTests
{
    [Fact]
    public void Defaults_AreAsDocumented()
    {
        UserSessionOptions options = new();

        Assert.Equal((TimeSpan.FromDays(30), TimeSpan.FromDays(7)), (options.Lifetime, options.UnusedLifetime));
        Assert.Equal((10, 100, TimeSpan.FromMinutes(5)), (options.AttemptsPerEmail, options.AttemptsPerAddress, options.AttemptWindow));
        Assert.Equal((TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5)), (options.LongestDelay, options.MemoryTtl));
        // At least one, and half of the processors are left to other requests.
        Assert.Equal(Math.Max(1, Environment.ProcessorCount / 2), options.HashesAtOnce);
        Assert.Empty(options.SigningKeys);
        Assert.Empty(Failures(options));
    }

    /// <summary>Activity is written once an interval, so a session in use is known to be so that much later.</summary>
    [Fact]
    public void UnusedLimit_IsTheLifetimeAndAnInterval() =>
        Assert.Equal(
            TimeSpan.FromMinutes(63),
            new UserSessionOptions { UnusedLifetime = TimeSpan.FromHours(1), ActivityInterval = TimeSpan.FromMinutes(3) }.UnusedLimit
        );

    [Theory]
    [InlineData(0, false)]
    [InlineData(31, false)]
    [InlineData(32, true)]
    [InlineData(48, true)]
    public void SigningKey_OfThirtyTwoBytesOrMore_IsItsBytes(int length, bool isKey)
    {
        byte[] key = [.. Enumerable.Range(1, length).Select(i => (byte)i)];

        Assert.Equal(isKey ? key : null, UserSessionOptions.Decode(Convert.ToBase64String(key)));
    }

    [Fact]
    public void SigningKeys_Three_AreRefused()
    {
        UserSessionOptions options = new();
        for (var i = 0; i < 2; i++)
            options.SigningKeys.Add(Convert.ToBase64String(new byte[32]));
        Assert.Empty(Failures(options));

        options.SigningKeys.Add("short");

        Assert.Equal(
            ["Sessions:SigningKeys must be two keys at most, and is 3 keys.", "Sessions:SigningKeys:2 must be base64 of 32 bytes or more."],
            Failures(options)
        );
    }

    private static IEnumerable<string> Failures(UserSessionOptions options) =>
        new SectionValidator<UserSessionOptions>(UserSessionOptions.Section).Validate(null, options).Failures ?? [];
}
