using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Dns.Transfers;

/// <summary>What a transfer was asked for: the facts that its answer is held against.</summary>
public sealed record XfrRequest
{
    /// <summary>The zone.</summary>
    public required DomainName Apex { get; init; }

    /// <summary>The id of the request.</summary>
    public required ushort Id { get; init; }

    /// <summary>AXFR or IXFR.</summary>
    public RecordType Type { get; init; } = RecordType.AXFR;

    /// <summary>The serial that an IXFR starts from; for an AXFR without meaning.</summary>
    public uint OurSerial { get; init; }

    /// <summary>The request went by UDP, where a single SOA may stand for "ask by TCP" (RFC 1995 section 4).</summary>
    public bool IsOverUdp { get; init; }

    /// <summary>
    /// A whole zone with an older serial is refused. Set it for a zone that is served; leave it out for one that expired or is new,
    /// which takes whatever its master has.
    /// </summary>
    public uint? OldestSerial { get; init; }

    /// <summary>How large the zone may be. Records that are dropped count too.</summary>
    public ZoneContentLimits Limits { get; init; } = ZoneContentLimits.None;

    /// <summary>Records outside the zone fail the transfer instead of being dropped and counted.</summary>
    public bool FailOnOutOfZone { get; init; }
}

/// <summary>Where a transfer stands after a message.</summary>
public enum XfrStatus : byte
{
    /// <summary>More messages must come.</summary>
    NeedMore,

    /// <summary>All is there and consistent: the sink's content may be committed.</summary>
    Complete,

    /// <summary>The answer to an IXFR was one SOA that is not newer than ours.</summary>
    UpToDate,

    /// <summary>The answer did not fit UDP.</summary>
    RetryOverTcp,

    /// <summary>The IXFR failed in a way that says nothing about an AXFR: ask for the whole zone, once.</summary>
    FallBackToAxfr,

    /// <summary>The transfer is lost; <see cref="XfrMachine{TSink}.Error"/> says why.</summary>
    Failed,
}
