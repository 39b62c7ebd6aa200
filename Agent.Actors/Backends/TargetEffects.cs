using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;

namespace Agent.Actors.Backends;

/// <summary>What a target machine wants done.</summary>
public abstract record TargetEffect;

/// <summary>Give this order to the backend.</summary>
/// <param name="Order">What the backend is to do.</param>
/// <param name="Shard">Shard of the zone.</param>
/// <param name="Epoch">Epoch of the owner whose wish it serves; 0 of one that stands alone, and of a probe.</param>
public sealed record IssueOrder(BackendOrder Order, int Shard, long Epoch) : TargetEffect;

/// <summary>Tell the zone's owner.</summary>
/// <param name="Owner">Who hears of it.</param>
/// <param name="Report">How far the target is.</param>
/// <param name="Times">Where the time of the change went; null when the target was only looked at.</param>
public sealed record ReportProgress(IActorRef Owner, TargetReport Report, ChangeTimes? Times) : TargetEffect;

/// <summary>How long a change took at a target.</summary>
/// <param name="Apply">From the wish until the server took it.</param>
/// <param name="Verify">From there until now.</param>
public readonly record struct ChangeTimes(TimeSpan Apply, TimeSpan Verify);

/// <summary>Tell everybody who counts on the target.</summary>
public sealed record ReportHealth(TargetHealthChanged Change) : TargetEffect;

/// <summary>The server took a change and does not serve it: the next step of the ladder is tried.</summary>
/// <param name="Zone">Which zone.</param>
/// <param name="Rung">What is tried next.</param>
/// <param name="Why">What the server serves instead.</param>
public sealed record Escalate(DomainName Zone, Rung Rung, Reason Why) : TargetEffect;

/// <summary>A comparison of content ended; for counting.</summary>
/// <param name="Verdict">How.</param>
/// <param name="Reason">What stood in the way when nothing is known.</param>
public sealed record CountCheck(ContentVerdict Verdict, Reason? Reason) : TargetEffect;

/// <summary>A look found that somebody else changed the zone, or that it was lost.</summary>
public sealed record DriftSeen(DriftFinding Finding) : TargetEffect;

/// <summary>The server serves what is wanted: whatever was found of the zone is over.</summary>
public sealed record DriftOver(DomainName Zone) : TargetEffect;
