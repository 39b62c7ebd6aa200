using System.Collections.Immutable;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel;

namespace Agent.Actors.Backends;

/// <summary>
/// The targets of the whole cluster, as far as its nodes have told of them: told to the directory at the start and at each change, and once
/// more whenever <see cref="ClusterTargetsWanted"/> is published. The latest counts.
/// </summary>
/// <param name="Nodes">Every known node, whether it is up or not, this one among them.</param>
/// <param name="Farm">The targets of the whole farm, each once.</param>
public sealed record ClusterTargets(ImmutableArray<NodeTargets> Nodes, ImmutableArray<FarmTarget> Farm)
{
    /// <summary>The epochs of the shards' present owners: a target takes no wish of an earlier one, also when it has not heard the present
    /// one yet.</summary>
    public ImmutableSortedDictionary<int, long> Owners { get; init; } = ImmutableSortedDictionary<int, long>.Empty;
}

/// <summary>Tells a target's actor which owners there are.</summary>
internal sealed record OwnersAre(ImmutableSortedDictionary<int, long> Epochs);

/// <summary>The targets that only one node can reach.</summary>
/// <param name="Node">Name of the node.</param>
/// <param name="Instance">Its present run; null while it is down.</param>
/// <param name="Targets">Names of its node-scoped targets, as configured there.</param>
public sealed record NodeTargets(string Node, Guid? Instance, ImmutableArray<string> Targets);

/// <summary>A target of the whole farm.</summary>
/// <param name="Target">Its name, the same on every node.</param>
/// <param name="Holder">The node that holds it at present; null while nobody does.</param>
/// <param name="Hold">By which ownership.</param>
public sealed record FarmTarget(string Target, string? Holder, TargetHold Hold);

/// <summary>Published on the event stream by a directory that knows nothing of the cluster, at its start and after it broke: whoever knows
/// tells it <see cref="ClusterTargets"/>.</summary>
public sealed record ClusterTargetsWanted(IActorRef Directory);

/// <summary>A target that this node can reach.</summary>
/// <param name="Backend">Settings of its actor, under the name as configured.</param>
/// <param name="IsFarmScoped">Whether the other nodes can reach it as well, so that one of them holds it at a time.</param>
public sealed record LocalTarget(BackendActorSettings Backend, bool IsFarmScoped);

/// <summary>Settings of the directory.</summary>
/// <param name="Local">The targets that this node can reach.</param>
/// <param name="Link">Null for an agent that stands alone.</param>
public sealed record TargetDirectorySettings(ImmutableArray<LocalTarget> Local, TargetLink? Link)
{
    /// <summary>How often the other nodes are told how the targets of this one stand, beside each change.</summary>
    public TimeSpan HealthInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>So long a change that a former holder of a target has ordered may still take effect: after that everything is looked at
    /// once more.</summary>
    public TimeSpan QuietPeriod { get; init; } = TimeSpan.FromSeconds(6);
}

/// <summary>How targets on other nodes are reached.</summary>
/// <param name="Node">Name of this node.</param>
/// <param name="Transport">Carries the messages; may be used by many actors at once.</param>
public sealed record TargetLink(string Node, INodeTransport Transport)
{
    /// <summary>Wishes for one target that may be on their way without having arrived; the others wait.</summary>
    public int WindowMax { get; init; } = 1000;

    /// <summary>After this a wish is told again that has not arrived; doubles with each further time, up to sixteen times.</summary>
    public TimeSpan TellAgainAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>After this a wish is told again that has arrived and of which nothing was heard since.</summary>
    public TimeSpan AskAgainAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A target counts as away when nothing can be heard of it for so long. Longer than the interval of the other node's
    /// <see cref="TargetDirectorySettings.HealthInterval"/>.</summary>
    public TimeSpan AwayAfter { get; init; } = TimeSpan.FromSeconds(8);
}

/// <summary>Which run of its node a remote target's actor has to do with; null while the node is down.</summary>
internal sealed record NodeSeen(Guid? Instance);

/// <summary>A remote target's actor is there, or there again.</summary>
internal sealed record RemoteTargetStarted;
