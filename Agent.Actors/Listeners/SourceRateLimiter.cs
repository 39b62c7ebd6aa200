using Agent.Dns.Net;

namespace Agent.Actors.Listeners;

/// <summary>Keeps what one source prefix may cause within a rate, so that forged requests cannot aim our answers at somebody.</summary>
/// <remarks>
/// A token bucket per IPv4 /24 and IPv6 /56 in a table of fixed size; loopback is exempt. Each prefix has a few places it may use. When
/// all are taken by others, the one idle longest gives way: a flood from many prefixes then costs accuracy, never memory.
/// Thread-safe; only errors and notifications come here, not ordinary queries.
/// </remarks>
public sealed class SourceRateLimiter
{
    private const int Ways = 4;
    private const int MillisecondsPerSecond = 1000;

    private readonly Lock _gate = new();
    private readonly Bucket[] _buckets;
    private readonly ulong _seed;
    private readonly long _perSecond;
    private readonly long _burstMilliTokens;

    /// <summary>Starts with every bucket full.</summary>
    /// <param name="perSecond">Events per second and prefix; 0 switches the limit off.</param>
    /// <param name="burst">Events that may come at once after a pause.</param>
    /// <param name="seed">Unpredictable to outsiders, so that nobody can choose prefixes that share places.</param>
    /// <param name="tableSize">Places, rounded up to a power of two.</param>
    public SourceRateLimiter(int perSecond, int burst, ulong seed, int tableSize = 16384)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(perSecond);
        ArgumentOutOfRangeException.ThrowIfLessThan(burst, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(tableSize, Ways);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tableSize, 1 << 24);
        _perSecond = perSecond;
        _burstMilliTokens = (long)burst * MillisecondsPerSecond;
        _seed = seed;
        _buckets = new Bucket[System.Numerics.BitOperations.RoundUpToPowerOf2((uint)tableSize)];
    }

    /// <summary>Takes one event from the source's budget.</summary>
    /// <param name="source">Where the request claims to come from.</param>
    /// <param name="nowMs">A clock that never goes back.</param>
    /// <returns>False when the budget is used up.</returns>
    public bool TryTake(in NetworkEndpoint source, long nowMs)
    {
        if (_perSecond == 0 || source.IsLoopback)
        {
            return true;
        }
        UInt128 prefix = PrefixOf(source);
        ulong hash = Mix((ulong)prefix ^ Mix((ulong)(prefix >> 64) ^ _seed));
        lock (_gate)
        {
            ref Bucket bucket = ref Find(prefix, (int)(hash & (ulong)(_buckets.Length - 1)), nowMs);
            long refilled = bucket.MilliTokens + (Math.Max(0, nowMs - bucket.UpdatedMs) * _perSecond);
            bucket.MilliTokens = Math.Min(refilled, _burstMilliTokens);
            bucket.UpdatedMs = nowMs;
            if (bucket.MilliTokens < MillisecondsPerSecond)
            {
                return false;
            }
            bucket.MilliTokens -= MillisecondsPerSecond;
            return true;
        }
    }

    private static UInt128 PrefixOf(in NetworkEndpoint source) =>
        source.Address & (UInt128.MaxValue << (source.IsIPv4 ? 8 : 72));

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }

    private ref Bucket Find(UInt128 prefix, int first, long nowMs)
    {
        int oldest = first;
        for (int way = 0; way < Ways; way++)
        {
            int index = (first + way) & (_buckets.Length - 1);
            if (_buckets[index].InUse && _buckets[index].Prefix == prefix)
            {
                return ref _buckets[index];
            }
            if (!_buckets[index].InUse || (_buckets[oldest].InUse && _buckets[index].UpdatedMs < _buckets[oldest].UpdatedMs))
            {
                oldest = index;
            }
        }
        _buckets[oldest] = new Bucket { InUse = true, Prefix = prefix, MilliTokens = _burstMilliTokens, UpdatedMs = nowMs };
        return ref _buckets[oldest];
    }

    private struct Bucket
    {
        public UInt128 Prefix;
        public long MilliTokens;
        public long UpdatedMs;
        public bool InUse;
    }
}
