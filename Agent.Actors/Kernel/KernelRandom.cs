using System.Numerics;

namespace Agent.Actors.Kernel;

/// <summary>xoshiro256** (Blackman and Vigna, 2018), seeded through SplitMix64: the same seed gives the same numbers on every machine and
/// version.</summary>
/// <remarks>Not for secrets (DNS message ids and ports come from the operating system) and not thread-safe.</remarks>
public sealed class KernelRandom
{
    private ulong _s0;
    private ulong _s1;
    private ulong _s2;
    private ulong _s3;

    /// <summary>A stream that the seed determines.</summary>
    public KernelRandom(ulong seed)
    {
        _s0 = SplitMix(ref seed);
        _s1 = SplitMix(ref seed);
        _s2 = SplitMix(ref seed);
        _s3 = SplitMix(ref seed);
    }

    /// <summary>64 uniform bits.</summary>
    public ulong NextUInt64()
    {
        ulong result = BitOperations.RotateLeft(_s1 * 5, 7) * 9;
        ulong shifted = _s1 << 17;
        _s2 ^= _s0;
        _s3 ^= _s1;
        _s1 ^= _s2;
        _s0 ^= _s3;
        _s2 ^= shifted;
        _s3 = BitOperations.RotateLeft(_s3, 45);
        return result;
    }

    /// <summary>Uniform in 0 (inclusive) to <paramref name="bound"/> (exclusive). The bias of at most 2^-32 is accepted for the
    /// speed.</summary>
    public int Next(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        return (int)(((NextUInt64() >> 32) * (ulong)bound) >> 32);
    }

    /// <summary>Uniform in <paramref name="low"/> (inclusive) to <paramref name="high"/> (exclusive).</summary>
    public int Next(int low, int high) => low + Next(checked(high - low));

    /// <summary>Uniform in 0 (inclusive) to 1 (exclusive), 53 bits.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>True with the given probability.</summary>
    public bool Chance(double probability) => NextDouble() < probability;

    /// <summary>Uniform from zero up to <paramref name="bound"/>.</summary>
    public TimeSpan NextTimeSpan(TimeSpan bound) => TimeSpan.FromTicks((long)(NextDouble() * bound.Ticks));

    /// <summary>Fills the span.</summary>
    public void NextBytes(Span<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            ulong bits = NextUInt64();
            int count = Math.Min(sizeof(ulong), bytes.Length);
            for (int i = 0; i < count; i++) bytes[i] = (byte)(bits >> (8 * i));
            bytes = bytes[count..];
        }
    }

    /// <summary>A new stream, independent of what this one yields later.</summary>
    public KernelRandom Fork() => new(NextUInt64());

    private static ulong SplitMix(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        ulong z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
