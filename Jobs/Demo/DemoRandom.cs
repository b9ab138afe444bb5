using System.Numerics;

namespace Overnight.Jobs.Demo;

/// <summary>
/// A small random number generator (SplitMix64) whose numbers are the same on every platform and for ever, which
/// <see cref="System.Random"/> does not promise. Not for secrets.
/// </summary>
internal struct DemoRandom(ulong state)
{
    private ulong _state = state;

    /// <summary>A stream of its own for each seed, purpose and number.</summary>
    public static DemoRandom For(long seed, ulong purpose, long number)
    {
        DemoRandom random = new((ulong)seed * 0x9E3779B97F4A7C15 ^ BitOperations.RotateLeft(purpose * 0xD1B54A32D192ED03, 17));
        return new(random.Next() ^ (ulong)number * 0xBF58476D1CE4E5B9);
    }

    public ulong Next()
    {
        var z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>0 up to, but without, <paramref name="count"/>.</summary>
    public int Below(int count) => (int)Math.BigMul(Next(), (ulong)count, out _);

    /// <summary>Both ends included.</summary>
    public int Between(int low, int high) => low + Below(high - low + 1);

    /// <summary>Both ends included, with so many decimals.</summary>
    public decimal Between(decimal low, decimal high, int decimals) =>
        decimal.Round(low + (high - low) * Below(1_000_001) / 1_000_000m, decimals, MidpointRounding.AwayFromZero);

    public bool Chance(int percent) => Below(100) < percent;

    public T Pick<T>(IReadOnlyList<T> choices) => choices[Below(choices.Count)];
}
