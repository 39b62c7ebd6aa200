using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Dns.Wire;
using Agent.Host.Telemetry;

namespace Agent.Host.Web;

/// <summary>What the management interface asks and tells.</summary>
/// <param name="NodeName">This node.</param>
/// <param name="Region">Door to all zones.</param>
/// <param name="Targets">The directory of targets.</param>
/// <param name="Masters">The master directory.</param>
/// <param name="Journal">The journal's writer.</param>
/// <param name="Metrics">What is counted.</param>
/// <param name="IsStuck">Whether the runtime does not get to its work.</param>
/// <param name="AnswerDeadline">How long a CREATE or DELETE may take.</param>
/// <param name="Cluster">The cluster that this node belongs to; null for an agent that stands alone.</param>
public sealed record ManagementParts(
    string NodeName,
    IActorRef Region,
    IActorRef Targets,
    IActorRef Masters,
    IActorRef Journal,
    PrometheusExporter Metrics,
    Func<bool> IsStuck,
    Func<TimeSpan> AnswerDeadline,
    ClusterNode? Cluster)
{
    /// <summary>The catalogs of the configuration.</summary>
    public IReadOnlyCollection<DomainName> Catalogs { get; init; } = [];

    /// <summary>The TSIG keys and what became of them.</summary>
    public required Func<IReadOnlyList<KeyModel>> Keys { get; init; }

    /// <summary>Compares servers with what is wanted; null where it is off.</summary>
    public IActorRef? Sweep { get; init; }

    /// <summary>Has the contents of servers looked at.</summary>
    public required IActorRef ContentSweep { get; init; }

    /// <summary>What the targets serve; null where nothing can be asked.</summary>
    public IServedZones? Served { get; init; }

    /// <summary>Opened when there is somebody to answer what other nodes ask; null for an agent that stands alone.</summary>
    internal NodeDesk? Desk { get; init; }

    /// <summary>Null for a node that does not announce.</summary>
    public AnycastParts? Anycast { get; init; }
}
