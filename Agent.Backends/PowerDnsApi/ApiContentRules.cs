using Agent.Backends.PowerDns;
using Agent.Dns.Wire;

namespace Agent.Backends.PowerDnsApi;

/// <summary>What the API would take, or not object to clearly, and PowerDNS would not serve as it stands.</summary>
internal static class ApiContentRules
{
    /// <summary>Why a set of records is not given to PowerDNS; null when nothing is against it.</summary>
    public static string? Objection(WantedRrset set) => set.Type switch
    {
        RecordType.RRSIG or RecordType.NSEC or RecordType.NSEC3 or RecordType.NSEC3PARAM =>
            "the zone is signed by its master, and the API cannot say so (metadata PRESIGNED): let PowerDNS sign an unsigned zone",
        RecordType.DNSKEY or RecordType.CDS or RecordType.CDNSKEY =>
            "PowerDNS answers for the type from its own keys and not from the zone",
        _ => PowerDnsTypes.Objection(set.Type),
    };
}
