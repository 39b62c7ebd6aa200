using Agent.Actors.Reasons;

namespace Agent.Actors.Backends;

/// <summary>A wish on its way to the node that holds the target.</summary>
/// <param name="Request">Number given by the sending node; grows with each wish.</param>
/// <param name="Target">Name of the target on the receiving node, as configured there.</param>
/// <param name="Shard">Shard of the zone.</param>
/// <param name="Epoch">Epoch of the zone's owner; a wish of an older epoch than one heard before is dropped.</param>
/// <param name="Wish">What is wanted.</param>
public sealed record WishForTarget(long Request, string Target, int Shard, long Epoch, WantZone Wish);

/// <summary>The wish has arrived at the target's node; reports follow, unless it was overtaken by the wish of a later owner: then nobody
/// waits for any. Without this answer the sender tells the wish again.</summary>
public sealed record WishTaken(long Request);

/// <summary>A target's report on its way back to the node that owns the zone.</summary>
/// <param name="Request">Number of the wish that is reported on.</param>
/// <param name="Target">Name of the target on its node.</param>
/// <param name="Report">How far it is.</param>
public sealed record ReportOfTarget(long Request, string Target, TargetReport Report);

/// <summary>How the targets of a node stand; sent to every other node at each change and once in a while.</summary>
/// <param name="Target">Name of the target on its node.</param>
/// <param name="Healthy">Whether its server can be reached.</param>
/// <param name="Reason">Why not.</param>
/// <param name="Returns">Counts how often it returned; a larger number than before means that everything it should serve needs another
/// look.</param>
public sealed record TargetHealthTold(string Target, bool Healthy, Reason? Reason, long Returns)
{
    /// <summary>Who its server is, and what can be done with it; null of a node that does not tell, or has not asked yet.</summary>
    public TargetPortrait? Portrait { get; init; }
}
