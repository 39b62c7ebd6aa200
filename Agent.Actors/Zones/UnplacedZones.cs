using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;

namespace Agent.Actors.Zones;

/// <summary>Says of a message for a zone that no node could take it in time.</summary>
public sealed class UnplacedZones : IUnplaced
{
    private static readonly Reason Nobody = new(ReasonCode.NoOwner, "no node of the cluster could take the zone in time");

    /// <inheritdoc/>
    public void Answer(IShardKeyed message, IActorRef sender, IActorRef self)
    {
        ArgumentNullException.ThrowIfNull(sender);
        if (message is ZoneMessage zone) sender.Tell(new ZoneReply(zone.Zone, ZoneOutcome.Failed, Nobody), self);
    }
}
