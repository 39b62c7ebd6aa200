using System.Collections.Immutable;
using System.Globalization;
using Agent.Actors.Reasons;

namespace Agent.Actors.Anycast;

/// <summary>What speaks against attracting traffic, without regard to what others do.</summary>
/// <param name="Reasons">All of it, for people.</param>
/// <param name="IsFit">Nothing that would justify a withdrawal.</param>
/// <param name="IsLate">Others are the better choice.</param>
/// <param name="CanAnswer">A server of this node can be reached.</param>
public sealed record AnycastJudgement(ImmutableArray<Reason> Reasons, bool IsFit, bool IsLate, bool CanAnswer);

/// <summary>Judges the facts of one look; knows nothing of earlier ones but whether the first pass over all zones was completed.</summary>
public static class AnycastJudge
{
    /// <summary>Whether the owners of all zones say that enough of them are proven here.</summary>
    public static bool HasPassed(AnycastFacts facts, AnycastPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(facts);
        ArgumentNullException.ThrowIfNull(policy);
        return facts.Proven is { } proven && IsEnough(proven.Proven, proven.Zones, policy);
    }

    /// <summary>Judges.</summary>
    /// <param name="facts">What is known.</param>
    /// <param name="policy">The thresholds.</param>
    /// <param name="passed">All zones were proven once since the start.</param>
    public static AnycastJudgement Of(AnycastFacts facts, AnycastPolicy policy, bool passed)
    {
        ArgumentNullException.ThrowIfNull(facts);
        ArgumentNullException.ThrowIfNull(policy);
        ImmutableArray<Reason>.Builder reasons = ImmutableArray.CreateBuilder<Reason>();
        if (facts.IsStuck) reasons.Add(new Reason(ReasonCode.RuntimeStuck, "work waits for the thread pool"));
        if (facts.IsStopping) reasons.Add(new Reason(ReasonCode.Stopping, "the agent stops"));
        if (facts.IsDraining) reasons.Add(new Reason(ReasonCode.Draining, "the node is drained"));
        bool canAnswer = facts.ServersUp > 0;
        if (!canAnswer) reasons.Add(new Reason(ReasonCode.TargetAway, $"none of {facts.Servers} servers can be reached"));
        if (!passed) reasons.Add(NotVerified(facts.Proven));
        else if (!IsEnough(Zones(facts) - facts.Owed, Zones(facts), policy))
            reasons.Add(new Reason(ReasonCode.UnverifiedShare, $"{facts.Owed} of {Zones(facts)} zones are not served as wanted"));
        if (facts.OwedFor > policy.StaleAfter) reasons.Add(Unverified(facts.OwedFor.Value));
        bool isFit = reasons.Count == 0;
        bool isLate = isFit && facts.OwedFor > policy.LateAfter;
        if (isLate) reasons.Add(Unverified(facts.OwedFor!.Value));
        return new AnycastJudgement(reasons.DrainToImmutable(), isFit, isLate, canAnswer);
    }

    /// <summary>A change of a zone that is new counts a zone more than the last count knew.</summary>
    private static int Zones(AnycastFacts facts) => Math.Max(facts.Proven?.Zones ?? 0, facts.Owed);

    private static bool IsEnough(int proven, int zones, AnycastPolicy policy) => 100L * proven >= (long)policy.VerifiedPercent * zones;

    private static Reason NotVerified(ProvenShare? proven) => new(
        ReasonCode.NotVerifiedYet,
        proven is { } share ? $"{share.Proven} of {share.Zones} zones are proven since the start" : "not all zones have been counted yet");

    private static Reason Unverified(TimeSpan age) => new(
        ReasonCode.UnverifiedAge,
        $"a change has not been verified for {age.TotalSeconds.ToString("0", CultureInfo.InvariantCulture)} s");
}
