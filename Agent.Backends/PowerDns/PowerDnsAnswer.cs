using Agent.Actors.Backends;
using Agent.Backends.Shared;
using Agent.Dns.Wire;

namespace Agent.Backends.PowerDns;

/// <summary>What an answer of PowerDNS by DNS comes to beyond its serial.</summary>
internal static class PowerDnsAnswer
{
    /// <summary>
    /// Without <c>dnssec = yes</c> at its backend PowerDNS has the signatures of a zone in its database, and answers without them: bogus
    /// for whoever checks them.
    /// </summary>
    /// <param name="zone">Which zone.</param>
    /// <param name="isSigned">Its master has signed what was given, and signatures were asked for.</param>
    /// <param name="finding">The answer.</param>
    public static ZoneSighting Judge(DomainName zone, bool isSigned, ServerFinding finding)
    {
        ZoneSighting seen = ZoneSighting.From(finding);
        return isSigned && seen.Observation == Observation.Present && !finding.IsSigned
            ? ZoneSighting.CannotHold(
                $"PowerDNS answers for {zone}, serial {seen.Serial}, without the signatures of its master: unless its configuration "
                + "(pdns.conf) says gsqlite3-dnssec=yes, gpgsql-dnssec=yes or gmysql-dnssec=yes, whichever its database needs, it has no "
                + "DNSSEC") with { Nsid = finding.Nsid }
            : seen;
    }

    /// <summary>PowerDNS says this of any name with octets that it takes for an attack, whether it has such a zone or not.</summary>
    public static bool SaysNothing(ServerFinding? finding) => finding?.Answer is { ResponseCode: ResponseCode.ServFail };
}
