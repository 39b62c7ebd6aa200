namespace Agent.Actors.Anycast;

/// <summary>What the decision rests on, at one moment.</summary>
public sealed record AnycastFacts
{
    /// <summary>The runtime does not get to its work.</summary>
    public bool IsStuck { get; init; }

    /// <summary>The process is about to end.</summary>
    public bool IsStopping { get; init; }

    /// <summary>An operator gives the node's work to the others.</summary>
    public bool IsDraining { get; init; }

    /// <summary>Servers of this node.</summary>
    public int Servers { get; init; }

    /// <summary>Those that can be reached.</summary>
    public int ServersUp { get; init; }

    /// <summary>Zones that a server of this node is known not to serve as wanted, and not just since a moment ago.</summary>
    public int Owed { get; init; }

    /// <summary>For how long the oldest of them has been so; null when there is none.</summary>
    public TimeSpan? OwedFor { get; init; }

    /// <summary>The last count by the owners of all zones; null when there was none yet.</summary>
    public ProvenShare? Proven { get; init; }

    /// <summary>The node belongs to no cluster.</summary>
    public bool IsAlone { get; init; }

    /// <summary>Who else announces; null when the cluster's store cannot be heard.</summary>
    public OtherAnnouncers? Others { get; init; }
}

/// <summary>How many zones there are, and how many of them the servers of this node have proven.</summary>
public readonly record struct ProvenShare(int Zones, int Proven);

/// <summary>The other nodes.</summary>
/// <param name="Members">Nodes that are there.</param>
/// <param name="Announcing">Those that attract traffic.</param>
/// <param name="Fit">Those of them with nothing against them.</param>
public readonly record struct OtherAnnouncers(int Members, int Announcing, int Fit);
