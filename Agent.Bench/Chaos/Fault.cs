using System.Globalization;

namespace Agent.Bench.Chaos;

/// <summary>What can be done to a farm from outside.</summary>
public enum FaultKind
{
    /// <summary>kill -9 of an agent; started again at the end.</summary>
    AgentKilled,

    /// <summary>SIGTERM: the agent gives its work away and ends; started again at the end.</summary>
    AgentEnded,

    /// <summary>SIGSTOP and SIGCONT.</summary>
    AgentStopped,

    /// <summary>The agent's cable is pulled.</summary>
    AgentUnplugged,

    /// <summary>All agents are killed in one moment and started again.</summary>
    AllAgentsRestarted,

    /// <summary>kill -9 of a member of etcd.</summary>
    EtcdKilled,

    /// <summary>kill -9 of the member that leads at that moment.</summary>
    EtcdLeaderKilled,

    /// <summary>The member that leads stands still.</summary>
    EtcdLeaderStopped,

    /// <summary>Every member stands still.</summary>
    EtcdSilent,

    /// <summary>kill -9 of PostgreSQL's primary, which is started again with its data.</summary>
    PrimaryKilled,

    /// <summary>The primary stands still.</summary>
    PrimaryStopped,

    /// <summary>kill -9 of the primary, and its standby takes its place; a new standby is made.</summary>
    StandbyPromoted,

    /// <summary>The standby stands still, so that no commit is confirmed.</summary>
    StandbyStopped,

    /// <summary>The standby is cut off from the primary, which dies later, and takes its place without what it missed.</summary>
    LaggingStandbyPromoted,

    /// <summary>kill -9 of the BIND that all agents drive.</summary>
    BindKilled,

    /// <summary>That BIND stands still.</summary>
    BindStopped,

    /// <summary>kill -9 of the Knot that is a master.</summary>
    KnotKilled,

    /// <summary>That Knot stands still.</summary>
    KnotStopped,

    /// <summary>The other master goes away with all its connections.</summary>
    MasterKilled,

    /// <summary>What one node sends to another is lost; what comes back is not.</summary>
    LinkCutOneWay,

    /// <summary>Nothing passes between two nodes, which reach all others.</summary>
    LinkCutBothWays,
}

/// <summary>One fault of a round.</summary>
/// <param name="Victim">The node that it hits, or the sender of a cut link; empty where the kind alone says it.</param>
/// <param name="Peer">The other end of a link.</param>
/// <param name="Start">From the beginning of the round.</param>
/// <param name="Duration">From its start until its end is begun.</param>
public sealed record Fault(FaultKind Kind, string Victim, string Peer, TimeSpan Start, TimeSpan Duration)
{
    public TimeSpan End => Start + Duration;

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Start.TotalSeconds:0.0}s +{Duration.TotalSeconds:0.0}s {Kind}{(Victim.Length > 0 ? " " : "")}{Victim}{Arrow}{Peer}");

    private string Arrow => Kind switch { FaultKind.LinkCutOneWay => ">", FaultKind.LinkCutBothWays => "<>", _ => "" };
}
