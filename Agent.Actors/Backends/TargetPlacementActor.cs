using System.Collections.Immutable;
using System.Text;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Microsoft.Extensions.Logging;

namespace Agent.Actors.Backends;

/// <summary>
/// Tells the directory of targets what the cluster's view says of them: which node has which, which run of it is there, and which node
/// holds each target of the farm. That is the owner of the shard that the target's name falls into.
/// </summary>
public sealed partial class TargetPlacementActor : UntypedActor
{
    private readonly ILogger _logger;
    private readonly TargetPlacementSettings _settings;
    private ClusterTargets? _told;

    private string? _disagreement;

    private TargetPlacementActor(TargetPlacementSettings settings)
    {
        _settings = settings;
        _logger = Context.System.LoggerFactory.CreateLogger<TargetPlacementActor>();
    }

    /// <summary>The recipe.</summary>
    public static Props Props(TargetPlacementSettings settings) => Kernel.Props.Create(static s => new TargetPlacementActor(s), settings);

    /// <summary>The shard that a target of the farm belongs to, the same on every node: FNV-1a-64 of its name in UTF-8.</summary>
    public static int ShardOf(string target, int shards)
    {
        ulong hash = 14695981039346656037;
        foreach (byte octet in Encoding.UTF8.GetBytes(target)) hash = unchecked((hash ^ octet) * 1099511628211);
        return ShardRegionActor.ShardOf(hash, shards);
    }

    /// <summary>What a view says of the targets.</summary>
    public static ClusterTargets Of(ClusterView view, int shards)
    {
        ArgumentNullException.ThrowIfNull(view);
        var nodes = view.Nodes.Values.Select(node => new NodeTargets(
            node.Record.Node, view.Members.GetValueOrDefault(node.Record.Node)?.Record.Process, node.Record.Targets));
        var farm = view.Nodes.Values.SelectMany(node => node.Record.Farm).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .Select(target => FarmOf(target, view, shards));
        return new ClusterTargets([.. nodes], [.. farm])
        {
            Owners = view.Owners.ToImmutableSortedDictionary(owner => owner.Key, owner => view.EpochOf(owner.Value.CreateRevision)),
        };
    }

    /// <summary>Which members place zones otherwise than others, in words; null when all that tell it agree.</summary>
    public static string? DisagreementOf(ClusterView view)
    {
        ArgumentNullException.ThrowIfNull(view);
        string[] groups =
        [
            .. view.Members.Values.Select(m => m.Record).Where(m => m.Placement is not null)
                .GroupBy(m => m.Placement, m => m.Node, StringComparer.Ordinal)
                .OrderByDescending(nodes => nodes.Count()).ThenBy(nodes => nodes.Min(StringComparer.Ordinal), StringComparer.Ordinal)
                .Select(nodes => string.Join(", ", nodes.Order(StringComparer.Ordinal))),
        ];
        return groups.Length < 2 ? null : $"nodes place zones differently by their configurations: {string.Join(" / ", groups)}";
    }

    /// <inheritdoc/>
    protected internal override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(ClusterTargetsWanted));
        _settings.View.Tell(new SubscribeView(Self), Self);
    }

    /// <inheritdoc/>
    protected internal override void OnReceive(object message)
    {
        switch (message)
        {
            // Before the first node is entered nothing is known of any target, which is not the same as that there is none.
            case ViewChanged { View.Nodes.IsEmpty: false } changed:
                Tell(Of(changed.View, _settings.Shards));
                Compare(changed.View);
                break;
            case ViewChanged: break;
            case ClusterTargetsWanted wanted:
                if (_told is not null) wanted.Directory.Tell(_told, Self);
                break;
            default: Unhandled(message); break;
        }
    }

    private void Tell(ClusterTargets targets)
    {
        if (_told is not null && IsSame(_told, targets)) return;
        _told = targets;
        _settings.Directory.Tell(targets, Self);
    }

    private void Compare(ClusterView view)
    {
        string? before = _disagreement;
        _disagreement = DisagreementOf(view);
        if (_disagreement == before) return;
        if (_disagreement is not null) LogDiffers(_logger, _disagreement);
        else LogAgrees(_logger);
    }

    [LoggerMessage(EventId = 320, EventName = "placement-differs", Level = LogLevel.Warning, Message = "{Nodes}")]
    private static partial void LogDiffers(ILogger logger, string nodes);

    [LoggerMessage(EventId = 321, EventName = "placement-agrees", Level = LogLevel.Information,
        Message = "all nodes place zones by the same configuration again")]
    private static partial void LogAgrees(ILogger logger);

    private static bool IsSame(ClusterTargets before, ClusterTargets now) =>
        before.Farm.SequenceEqual(now.Farm)
        && before.Owners.SequenceEqual(now.Owners)
        && before.Nodes.Length == now.Nodes.Length
        && before.Nodes.Zip(now.Nodes).All(pair => pair.First.Node == pair.Second.Node && pair.First.Instance == pair.Second.Instance
            && pair.First.Targets.SequenceEqual(pair.Second.Targets, StringComparer.Ordinal));

    private static FarmTarget FarmOf(string target, ClusterView view, int shards)
    {
        int shard = ShardOf(target, shards);
        Held<OwnerRecord>? owner = view.Owners.GetValueOrDefault(shard);
        return owner is null
            ? new FarmTarget(target, null, new TargetHold(shard, 0))
            : new FarmTarget(target, owner.Record.Node, new TargetHold(shard, view.EpochOf(owner.CreateRevision)));
    }
}

/// <summary>Settings of the placement of targets.</summary>
/// <param name="Shards">Number of shards.</param>
/// <param name="View">The actor that knows the view.</param>
/// <param name="Directory">Is told.</param>
public sealed record TargetPlacementSettings(int Shards, IActorRef View, IActorRef Directory);
