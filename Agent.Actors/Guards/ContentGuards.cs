using Agent.Actors.Reasons;
using Agent.Dns.Zones;

namespace Agent.Actors.Guards;

/// <summary>Looks at new content before it is used. Pure; may read both contents, so it has no place on an actor's thread.</summary>
public static class ContentGuards
{
    /// <summary>Why the content must not be used without an operator's word; null when nothing speaks against it.</summary>
    /// <param name="policy">What is asked of it.</param>
    /// <param name="served">What it would replace; null when nothing is held.</param>
    /// <param name="fresh">What a master gave.</param>
    /// <param name="traits">What the apex of that has.</param>
    /// <param name="outOfZone">Records that the master sent and that are not of the zone.</param>
    /// <exception cref="IOException">The new content cannot be read.</exception>
    public static Reason? Judge(GuardPolicy policy, ZoneContent? served, ZoneContent fresh, ApexTraits traits, long outOfZone)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(fresh);
        return JudgeApex(fresh, traits)
            ?? JudgeSize(policy, served, fresh)
            ?? JudgeDnssec(policy, served, fresh, traits)
            ?? JudgeOutOfZone(policy, fresh, outOfZone)
            ?? JudgeDigest(policy, fresh, traits);
    }

    private static Reason? JudgeApex(ZoneContent fresh, ApexTraits traits) => traits.HasNameServer
        ? null
        : new Reason(ReasonCode.GuardApex, $"serial {fresh.Serial} has no NS at the apex");

    private static Reason? JudgeSize(GuardPolicy policy, ZoneContent? served, ZoneContent fresh)
    {
        if (served is null) return null;
        long before = served.RecordCount;
        long lost = before - fresh.RecordCount;
        // Records are counted in 32 bits at most, so a hundred times them fits.
        bool isShare = before >= policy.ShrinkMinimumRecords && lost * 100 > before * policy.ShrinkPercent;
        bool isMany = policy.ShrinkRecords > 0 && lost > policy.ShrinkRecords;
        if (!isShare && !isMany) return null;
        string limit = isShare ? $"{policy.ShrinkPercent} % may go at once" : $"{policy.ShrinkRecords} records may go at once";
        return new Reason(
            ReasonCode.GuardShrink,
            $"serial {fresh.Serial} has {fresh.RecordCount} records where serial {served.Serial} has {before}; {limit}");
    }

    private static Reason? JudgeDnssec(GuardPolicy policy, ZoneContent? served, ZoneContent fresh, ApexTraits traits)
    {
        if (!policy.KeepsDnssec || traits.IsSigned || served is null || !WasSigned(served)) return null;
        string lost = traits.HasKey ? "no signature over its SOA" : "no DNSKEY";
        return new Reason(ReasonCode.GuardDnssec, $"serial {fresh.Serial} has {lost}, where serial {served.Serial} is signed");
    }

    private static bool WasSigned(ZoneContent served)
    {
        if (served.Signing != ContentSigning.Unknown) return served.Signing == ContentSigning.Signed;
        try
        {
            return ApexTraits.Of(served).IsSigned;
        }
        catch (IOException)
        {
            // What is held is lost: there is nothing to compare with, and the new content is what mends that.
            return false;
        }
    }

    private static Reason? JudgeOutOfZone(GuardPolicy policy, ZoneContent fresh, long outOfZone) =>
        policy.StopsOutOfZone && outOfZone > 0
            ? new Reason(ReasonCode.GuardOutOfZone, $"serial {fresh.Serial} came with {outOfZone} records that are not of the zone")
            : null;

    private static Reason? JudgeDigest(GuardPolicy policy, ZoneContent fresh, ApexTraits traits)
    {
        if (policy.Digest == ZoneDigestRule.Off) return null;
        string? fault = (traits.HasDigest ? ZoneDigest.Verify(fresh) : ZoneDigestVerdict.Absent) switch
        {
            ZoneDigestVerdict.Wrong => "has a ZONEMD that does not fit its records",
            ZoneDigestVerdict.Absent when policy.Digest == ZoneDigestRule.Required => "has no ZONEMD",
            ZoneDigestVerdict.Unsupported when policy.Digest == ZoneDigestRule.Required => "has no ZONEMD of a kind that can be checked",
            _ => null,
        };
        return fault is null ? null : new Reason(ReasonCode.GuardZonemd, $"serial {fresh.Serial} {fault}");
    }
}
