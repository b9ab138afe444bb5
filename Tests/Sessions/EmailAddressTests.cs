using Overnight.Core.Sessions;

namespace Overnight.Tests.Sessions;

public sealed class EmailAddressTests
{
    [Theory]
    [InlineData("a@b", "a@b")]
    [InlineData(" \tAda.Lovelace@Example.COM\n", "ada.lovelace@example.com")]
    [InlineData("\"a@b\"@c", "\"a@b\"@c")]
    [InlineData("STRASSE@ÉCOLE.example", "strasse@école.example")]
    public void TryNormalise_Address_IsTrimmedAndInLowerCase(string text, string expected)
    {
        Assert.True(EmailAddress.TryNormalise(text, out var email));
        Assert.Equal(expected, email);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("@")]
    [InlineData("a@")]
    [InlineData("@ab")]
    [InlineData("nobody")]
    [InlineData("a b@c")]
    [InlineData("a@b\u00a0c")]
    [InlineData("a@b\0c")]
    [InlineData("a@b\u007fc")]
    public void TryNormalise_WhatIsNone_IsRefused(string? text)
    {
        Assert.False(EmailAddress.TryNormalise(text, out var email));
        Assert.Null(email);
    }

    [Fact]
    public void TryNormalise_LongText_IsTakenUpToTheLimitOfSmtp()
    {
        Assert.True(EmailAddress.TryNormalise(new string('a', 252) + "@b", out _));
        Assert.True(EmailAddress.TryNormalise(new string('a', 252) + "@b ", out _));
        Assert.False(EmailAddress.TryNormalise(new string('a', 253) + "@b", out _));
    }
}
