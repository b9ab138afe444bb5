namespace Overnight.Benchmarks.Load;

/// <summary>Who asks next: 60 % of requests are of 1 % of the users, the others of anyone. Deterministic.</summary>
internal struct UserMix(int users, int seed)
{
    private const uint HotPercent = 60;

    /// <summary>Every so many users one is hot, so that they are spread over all pages and slots.</summary>
    private const int HotStride = 100;

    private ulong state = (ulong)seed * 0x9E37_79B9_7F4A_7C15 | 1;

    public int Next()
    {
        var random = NextRandom();
        var hot = (uint)random % 100 < HotPercent;
        var among = hot ? (users + HotStride - 1) / HotStride : users;
        var user = (int)((random >> 32) * (ulong)among >> 32);
        return hot ? user * HotStride : user;
    }

    // xorshift64*: a few instructions, for the generator shares the machine with what it measures.
    private ulong NextRandom()
    {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        return state * 0x2545_F491_4F6C_DD1D;
    }
}
