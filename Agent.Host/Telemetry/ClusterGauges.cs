using System.Diagnostics.Metrics;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Actors.Telemetry;

namespace Agent.Host.Telemetry;

/// <summary>
/// Shows the cluster as this node sees it. It is told each view like any other subscriber, and keeps of it what is shown when somebody
/// looks.
/// </summary>
/// <remarks>One per process that is a node: instruments cannot be taken back.</remarks>
internal sealed class ClusterGauges : IActorRef
{
    private readonly string _node;
    private readonly int _shards;
    private readonly Func<bool> _holdsLease;
    private readonly Func<TimeSpan> _sinceBoot;

    /// <summary>Who owned a shard last, also when nobody does now.</summary>
    private readonly Dictionary<int, OwnerRecord> _lastOwners = [];

    private volatile Picture _picture;

    /// <param name="meter">Where the gauges appear.</param>
    /// <param name="node">Name of this node.</param>
    /// <param name="shards">Number of shards.</param>
    /// <param name="holdsLease">Whether this node's lease holds for certain.</param>
    /// <param name="sinceBoot">A clock that goes on while the machine is suspended.</param>
    public ClusterGauges(Meter meter, string node, int shards, Func<bool> holdsLease, Func<TimeSpan> sinceBoot)
    {
        _node = node;
        _shards = shards;
        _holdsLease = holdsLease;
        _sinceBoot = sinceBoot;
        _picture = new Picture(ClusterView.Empty, sinceBoot());
        meter.CreateObservableGauge("dnsagent_cluster_members", Members, description: "Nodes of the cluster, by state.");
        meter.CreateObservableGauge("dnsagent_shards", Shards, description: "Shards, by whether this node, another one or none owns them.");
        meter.CreateObservableGauge(
            "dnsagent_leaderless_seconds", LeaderlessSeconds, "s", "Time for which no coordinator is seen; 0 while there is one.");
        meter.CreateObservableGauge(
            "dnsagent_lease_held", () => _holdsLease() ? 1 : 0, description: "1 while this node's lease holds for certain.");
    }

    /// <inheritdoc/>
    public string Path => "/cluster-gauges";

    /// <inheritdoc/>
    public void Tell(object message, IActorRef? sender = null)
    {
        if (message is ViewChanged changed) See(changed.View);
    }

    /// <summary>Told by one actor, so never twice at once.</summary>
    private void See(ClusterView view)
    {
        foreach ((int shard, Held<OwnerRecord> owner) in view.Owners)
        {
            if (_lastOwners.GetValueOrDefault(shard) is { } last && last != owner.Record) ClusterMetrics.OwnerChanges.Add(1);
            _lastOwners[shard] = owner.Record;
        }

        _picture = new Picture(view, view.Coordinator is null ? _picture.LeaderlessSince ?? _sinceBoot() : null);
    }

    private IEnumerable<Measurement<int>> Members()
    {
        ClusterView view = _picture.View;
        yield return Of(view.Members.Values.Count(m => m.Record.State == MemberState.Up), "state", "up");
        yield return Of(view.Members.Values.Count(m => m.Record.State == MemberState.Leaving), "state", "leaving");
        yield return Of(view.Nodes.Keys.Count(node => !view.Members.ContainsKey(node)), "state", "down");
    }

    private IEnumerable<Measurement<int>> Shards()
    {
        ClusterView view = _picture.View;
        int ours = view.Owners.Values.Count(owner => owner.Record.Node == _node);
        yield return Of(ours, "owner", "self");
        yield return Of(view.Owners.Count - ours, "owner", "other");
        yield return Of(Math.Max(0, _shards - view.Owners.Count), "owner", "none");
    }

    private double LeaderlessSeconds() => _picture.LeaderlessSince is { } since ? (_sinceBoot() - since).TotalSeconds : 0;

    private static Measurement<int> Of(int value, string label, string text) => new(value, new KeyValuePair<string, object?>(label, text));

    /// <param name="View">The newest view.</param>
    /// <param name="LeaderlessSince">Null while there is a coordinator.</param>
    private sealed record Picture(ClusterView View, TimeSpan? LeaderlessSince);
}
