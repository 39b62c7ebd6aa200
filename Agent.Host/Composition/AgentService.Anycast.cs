using Agent.Actors.Anycast;
using Agent.Actors.Kernel;

namespace Agent.Host.Composition;

/// <content>Attracting traffic, for a node that is configured to.</content>
internal sealed partial class AgentService
{
    /// <summary>Null for a node that does not announce.</summary>
    private AnycastService? StartAnycast(IActorRef region, IActorRef targets, Func<bool> isStuck, TimeProvider clock)
    {
        if (!_options.Anycast.IsEnabled) return null;
        AnycastCluster? cluster = _cluster is { Settings: var node }
            ? new AnycastCluster(node.Node, node.Keys, node.Store, _cluster.Node.View)
            : null;
        AnycastService service = AnycastService.Start(
            _options.Anycast,
            _system,
            (policy, board, announcer) =>
                new AnycastSettings(policy, board, announcer, region, targets, _options.Cluster.Shards, isStuck, cluster),
            clock);
        OnStop(service.DisposeAsync);
        return service;
    }
}
