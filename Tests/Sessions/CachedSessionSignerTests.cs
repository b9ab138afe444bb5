using System.Security.Cryptography;
using System.Text;
using Overnight.Core;
using Overnight.Core.Caching;
using Overnight.Core.Sessions;

namespace Overnight.Tests.Sessions;

public sealed class CachedSessionSignerTests
{
    private static readonly string Hash = new('a', 64);
    private static readonly string Key = CacheKeys.Session(Hash);
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 3, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Expiry = new(2026, 11, 21, 4, 0, 0, 250, TimeSpan.Zero);

    private readonly CachedSessionSigner _signer = new([RandomNumberGenerator.GetBytes(32)]);

    [Theory]
    [InlineData(false, false, "")]
    [InlineData(true, true, "NYSE")]
    [InlineData(true, true, "B3,LSE,NYSE,TSE,XETRA")]
    public void Read_WhatWasWritten_IsTheSame(bool admin, bool tenant, string markets)
    {
        ActiveSession session = new(Guid.CreateVersion7(), admin, tenant ? Guid.CreateVersion7() : null, Expiry, markets);
        Assert.Equal(session, Read(_signer, Write(session)));
    }

    /// <summary>By a stranger who can write the cache, and makes the frame's checksum right.</summary>
    [Fact]
    public void Read_AnyBitOfTheValueChanged_IsNull()
    {
        var value = CacheEntry.Read(Write(new(Guid.CreateVersion7(), false, Guid.CreateVersion7(), Expiry, "NYSE,TSE")), Key)!.Value;
        for (var bit = 0; bit < value.Length * 8; bit++)
        {
            var changed = value.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Null(Read(_signer, CacheEntry.Write(Key, Now, 0, changed)));
        }
    }

    [Fact]
    public void Read_UnderAnotherKeyAtAnotherTimeOrSignedByAnother_IsNull()
    {
        var entry = Write(new(Guid.CreateVersion7(), true, null, Expiry));
        var value = CacheEntry.Read(entry, Key)!.Value.Span;
        var other = CacheKeys.Session(new('b', 64));
        Assert.Null(_signer.Read(CacheEntry.Read(CacheEntry.Write(other, Now, 0, value), other)!, other, Now));
        Assert.Null(Read(_signer, CacheEntry.Write(Key, Now.AddMinutes(1), 0, value)));
        Assert.Null(Read(new([RandomNumberGenerator.GetBytes(32)]), entry));
        Assert.Null(Read(_signer, CacheEntry.Write(Key, Now, 0, "{}"u8)));
        Assert.Null(Read(_signer, CacheEntry.Write(Key, Now, 0, Encoding.ASCII.GetBytes(new string('x', 5_000)))));
    }

    [Fact]
    public void Read_MoreThanFiveMinutesAfterItWasRead_IsNullWhateverItsTtl()
    {
        var entry = CacheEntry.Read(Write(new(Guid.CreateVersion7(), true, null, Expiry)), Key)!;
        Assert.NotNull(_signer.Read(entry, Key, Now.AddMinutes(5)));
        Assert.Null(_signer.Read(entry, Key, Now.AddMinutes(5).AddTicks(1)));
    }

    [Fact]
    public void Read_WhileKeysChange_TakesTheOldAndTheNew()
    {
        byte[] former = RandomNumberGenerator.GetBytes(32),
            next = RandomNumberGenerator.GetBytes(48);
        ActiveSession session = new(Guid.CreateVersion7(), false, null, Expiry);
        var old = new CachedSessionSigner([former]).Write(session, Hash, Now, Now)!.Value.Value;
        var fresh = new CachedSessionSigner([next, former]).Write(session, Hash, Now, Now)!.Value.Value;
        Assert.Equal(session, Read(new([next, former]), old));
        Assert.Equal(session, Read(new([former, next]), fresh));
        Assert.Null(Read(new([former]), fresh));
    }

    [Theory]
    [InlineData(new[] { "c2hvcnQ=" }, "Sessions:SigningKeys:0 must be base64 of 32 bytes or more.")]
    [InlineData(new[] { "not base64 at all, but long enough to be a key" }, "Sessions:SigningKeys:0 must be base64 of 32 bytes or more.")]
    public void Options_KeyThatIsNone_IsRefusedWithoutBeingTold(string[] keys, string message)
    {
        UserSessionOptions options = new();
        foreach (var key in keys)
            options.SigningKeys.Add(key);
        Assert.Equal([message], new SectionValidator<UserSessionOptions>(UserSessionOptions.Section).Validate(null, options).Failures);
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

    private byte[] Write(ActiveSession session) => _signer.Write(session, Hash, Now, Now)!.Value.Value;

    private static ActiveSession? Read(CachedSessionSigner signer, byte[] entry) =>
        CacheEntry.Read(entry, Key) is { } stored ? signer.Read(stored, Key, Now) : null;
}
