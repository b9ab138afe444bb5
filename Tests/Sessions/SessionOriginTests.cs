using System.Net;
using Overnight.Core.Sessions;

namespace Overnight.Tests.Sessions;

public sealed class SessionOriginTests
{
    [Theory]
    [InlineData("a\u0001b\tc", "a b c")]
    [InlineData("Mozilla/5.0 (X11)", "Mozilla/5.0 (X11)")]
    [InlineData(" ", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void From_AnyUserAgent_IsText(string? given, string? kept) => Assert.Equal(kept, SessionOrigin.From(null, given).UserAgent);

    [Fact]
    public void From_LongUserAgent_EndsWithAWholeCharacter()
    {
        Assert.Equal(new('x', 199), SessionOrigin.From(null, new string('x', 199) + "\U0001F600").UserAgent);
        // What is too long ends it, also where a shorter character follows.
        Assert.Equal(new('x', 199), SessionOrigin.From(null, new string('x', 199) + "\U0001F600y").UserAgent);
        Assert.Equal(new string('x', 198) + "\U0001F600", SessionOrigin.From(null, new string('x', 198) + "\U0001F600y").UserAgent);
        Assert.Equal(new('x', 200), SessionOrigin.From(null, new string('x', 201)).UserAgent);
        // Half a character, which no attribute can hold.
        Assert.Equal("\ufffd", SessionOrigin.From(null, new string('\ud83d', 1)).UserAgent);
    }

    [Theory]
    [InlineData("192.0.2.7", "192.0.2.7")]
    [InlineData("::ffff:192.0.2.7", "192.0.2.7")]
    [InlineData("2001:db8::7", "2001:db8::7")]
    [InlineData("fe80::1%3", "fe80::1")]
    public void From_Address_HasNeitherPortNorScope(string given, string kept) =>
        Assert.Equal(new(kept, null), SessionOrigin.From(IPAddress.Parse(given), null));

    [Fact]
    public void Unknown_HasNeither() => Assert.Equal(SessionOrigin.From(null, null), SessionOrigin.Unknown);
}
