using System.Buffers.Binary;
using Agent.Dns.Wire;

namespace Agent.Dns.Zones;

/// <summary>The timers of a start of authority, in seconds (RFC 1035 section 3.3.13).</summary>
/// <param name="RefreshSeconds">How long a secondary waits before it asks for the serial again.</param>
/// <param name="RetrySeconds">How long it waits after a failed refresh.</param>
/// <param name="ExpireSeconds">How long it may serve the zone without a successful refresh.</param>
/// <param name="MinimumSeconds">Bounds the lifetime of negative answers (RFC 2308 section 4).</param>
public readonly record struct SoaTimers(uint RefreshSeconds, uint RetrySeconds, uint ExpireSeconds, uint MinimumSeconds);

/// <summary>The numbers in the RDATA of a start of authority; its two names are left where they are.</summary>
/// <param name="Serial">The zone's version, compared by RFC 1982.</param>
/// <param name="Timers">The four intervals.</param>
public readonly record struct SoaNumbers(uint Serial, SoaTimers Timers)
{
    /// <summary>The bytes that serial and timers take at the end of the RDATA.</summary>
    public const int Size = 20;

    /// <summary>
    /// Reads the RDATA of a SOA whose names are not compressed. False when it is damaged, also when bytes are left over.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> rdata, out SoaNumbers numbers)
    {
        numbers = default;
        if (!NameBytes.TryMeasure(rdata, out int primary) || !NameBytes.TryMeasure(rdata[primary..], out int mailbox))
            return false;
        if (rdata.Length != primary + mailbox + Size)
            return false;
        ReadOnlySpan<byte> tail = rdata[^Size..];
        numbers = new SoaNumbers(
            BinaryPrimitives.ReadUInt32BigEndian(tail),
            new SoaTimers(
                BinaryPrimitives.ReadUInt32BigEndian(tail[4..]),
                BinaryPrimitives.ReadUInt32BigEndian(tail[8..]),
                BinaryPrimitives.ReadUInt32BigEndian(tail[12..]),
                BinaryPrimitives.ReadUInt32BigEndian(tail[16..])));
        return true;
    }
}
