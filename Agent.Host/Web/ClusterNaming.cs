using Agent.Actors.Backends;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Dns.Wire;

namespace Agent.Host.Web;

/// <summary>Where things are, for people: which node owns a zone, and on which node a target is.</summary>
internal sealed class ClusterNaming
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly string _node;
    private readonly ClusterView? _view;
    private readonly int _shards;
    private readonly Dictionary<string, string?> _holders = new(StringComparer.Ordinal);

    private ClusterNaming(string node, ClusterView? view)
    {
        _node = node;
        _view = view;
        _shards = view?.Config?.Record.Shards ?? 1;
        if (view is null) return;
        foreach (FarmTarget target in TargetPlacementActor.Of(view, _shards).Farm) _holders[target.Target] = target.Holder;
    }

    /// <summary>As the cluster is seen now.</summary>
    public static async Task<ClusterNaming> NowAsync(ManagementParts parts) => new(
        parts.NodeName,
        parts.Cluster is { } cluster ? (await cluster.View.Ask<ClusterState>(new GetClusterState(), Patience)).View : null);

    /// <summary>The node that owns the zone; empty while none does.</summary>
    public string OwnerOf(DomainName zone)
    {
        if (_view is null) return _node;
        int shard = ShardRegionActor.ShardOf(zone.StableHash, _shards);
        return _view.Owners.GetValueOrDefault(shard)?.Record.Node ?? "";
    }

    /// <summary>The name of a target as configured, and the node that it is on or that holds it; empty while none does.</summary>
    public (string Name, string Node) PlaceOf(string target)
    {
        if (_view is null) return (target, _node);
        if (_holders.TryGetValue(target, out string? holder)) return (target, holder ?? "");
        int at = target.LastIndexOf('@');
        return at < 0 ? (target, _node) : (target[..at], target[(at + 1)..]);
    }
}
