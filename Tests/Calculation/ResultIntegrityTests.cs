using System.Text;
using Overnight.Core.Portfolios;
using Overnight.Core.Recommendations;

namespace Overnight.Tests.Calculation;

public sealed class ResultIntegrityTests
{
    private static readonly Guid User = Guid.Parse("019a0000-0000-7000-8000-0000abcdef12");

    [Fact]
    public void AreOf_OnlyWholeResultsOfTheUser()
    {
        var entry = Entry("{\"userId\":\"019a0000-0000-7000-8000-0000abcdef12\"");
        Assert.True(ResultIntegrity.AreOf(User, entry));
        Assert.False(ResultIntegrity.AreOf(Guid.Empty, entry));
        Assert.False(ResultIntegrity.AreOf(User, entry.AsSpan(..^1)));
        Assert.False(ResultIntegrity.AreOf(User, Entry("{\"userid\":\"019a0000-0000-7000-8000-0000abcdef12\"")));
        // An id without hyphens is no id of this form.
        Assert.False(ResultIntegrity.AreOf(User, Entry("{\"userId\":\"019a00000000700080000000abcdef12\"")));
        for (var at = 0; at < entry.Length; at++)
        {
            var changed = entry.ToArray();
            changed[at] ^= 1;
            Assert.False(ResultIntegrity.AreOf(User, changed), $"byte {at}");
        }
    }

    /// <summary>From one byte on, so that each of them has to make room.</summary>
    [Fact]
    public void Append_ToAFullBuffer_MakesRoom()
    {
        JsonBuffer buffer = new(1);
        buffer.Append("{\"a\":\""u8);
        buffer.Append(new Decimal4(long.MinValue));
        buffer.Append(int.MinValue);
        buffer.Append(User);
        buffer.Append(new DateTimeOffset(2026, 11, 20, 12, 0, 0, 7, TimeSpan.FromHours(1)));

        Assert.Equal(
            "{\"a\":\"-922337203685477.5808-2147483648019a0000-0000-7000-8000-0000abcdef122026-11-20T11:00:00.007Z",
            Encoding.UTF8.GetString(buffer.Written)
        );
        Assert.Equal(buffer.Written.Length, buffer.Length);
        buffer.Clear();
        Assert.Equal(0, buffer.Written.Length);
    }

    private static byte[] Entry(string text)
    {
        JsonBuffer buffer = new(1);
        buffer.Append(Encoding.UTF8.GetBytes(text));
        return buffer.Seal();
    }
}
