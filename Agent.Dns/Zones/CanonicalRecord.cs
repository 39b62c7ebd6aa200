using Agent.Dns.Wire;

namespace Agent.Dns.Zones;

/// <summary>A record as images and differences order it: by owner's key, type, type covered, then RDATA.</summary>
internal readonly ref struct CanonicalRecord
{
    public required ReadOnlySpan<byte> Key { get; init; }

    /// <summary>The owner's labels below the apex, in their own case.</summary>
    public required ReadOnlySpan<byte> RelativeOwner { get; init; }

    public required RecordType Type { get; init; }

    /// <summary>The type that an RRSIG covers: signatures over different types are different sets with TTLs of their own.</summary>
    public required RecordType Covered { get; init; }

    public required uint Ttl { get; init; }

    public required ReadOnlySpan<byte> Rdata { get; init; }

    public static int Compare(in CanonicalRecord left, in CanonicalRecord right)
    {
        int order = left.Key.SequenceCompareTo(right.Key);
        if (order != 0)
            return order;
        order = ((uint)left.Type << 16 | (uint)left.Covered).CompareTo((uint)right.Type << 16 | (uint)right.Covered);
        return order != 0 ? order : left.Rdata.SequenceCompareTo(right.Rdata);
    }

    public static RecordType CoveredType(RecordType type, ReadOnlySpan<byte> rdata) =>
        type == RecordType.RRSIG && rdata.Length >= 2 ? (RecordType)(rdata[0] << 8 | rdata[1]) : default;
}
