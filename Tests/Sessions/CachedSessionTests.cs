using Overnight.Core.Sessions;

namespace Overnight.Tests.Sessions;

public sealed class CachedSessionTests
{
    private static readonly string Hash = new('a', 64);
    private static readonly DateTimeOffset Expiry = new(2026, 11, 21, 4, 0, 0, 250, TimeSpan.Zero);

    [Theory]
    [InlineData(false, false, "")]
    [InlineData(true, true, "NYSE")]
    [InlineData(true, true, "B3,LSE,NYSE,TSE,XETRA")]
    public void Read_WhatWasWritten_IsTheSame(bool admin, bool tenant, string markets)
    {
        ActiveSession session = new(Guid.CreateVersion7(), admin, tenant ? Guid.CreateVersion7() : null, Expiry, markets);
        Assert.Equal(session, CachedSession.Read(CachedSession.Write(session, Hash), Hash));
    }

    [Fact]
    public void Read_AnyBitChanged_IsNull()
    {
        var value = CachedSession.Write(new(Guid.CreateVersion7(), false, Guid.CreateVersion7(), Expiry, "NYSE,TSE"), Hash);
        for (var bit = 0; bit < value.Length * 8; bit++)
        {
            var changed = (byte[])value.Clone();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Null(CachedSession.Read(changed, Hash));
        }
        Assert.Null(CachedSession.Read(value, new('b', 64)));
        Assert.Null(CachedSession.Read(value.AsSpan(1), Hash));
        Assert.Null(CachedSession.Read([.. value, 0], Hash));
    }

    [Fact]
    public void TryHash_KnownToken_IsItsSha256()
    {
        // As sha256sum computes it for 43 times A.
        Assert.True(SessionToken.TryHash(new('A', 43), out var hash));
        Assert.Equal("0f007385b6f9d4b7eeb2748605afe1a984a0a3bfa3f014d09e2a784ce9e5cd1a", hash);
    }

    [Fact]
    public void Create_Twice_GivesTwoTokensThatHash()
    {
        var (first, second) = (SessionToken.Create(), SessionToken.Create());
        Assert.NotEqual(first, second);
        Assert.True(SessionToken.TryHash(first, out var a));
        Assert.True(SessionToken.TryHash(second, out var b));
        Assert.NotEqual(a, b);
    }
}
