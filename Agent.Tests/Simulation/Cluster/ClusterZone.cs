using Agent.Actors.Journal;
using Agent.Actors.Zones;
using Agent.Dns.Wire;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>What clients have asked of one zone, at any nodes, and what may be so after the answers that they got.</summary>
/// <remarks>
/// Each request takes effect at one moment between question and answer, if it was answered with success. One that failed, or whose node
/// died, may have taken effect or not: until its answer, and for a while after it, as it may still be on its way.
/// </remarks>
internal sealed class ClusterZone(DomainName name)
{
    /// <summary>How long a request that failed may still be on its way.</summary>
    private static readonly TimeSpan OnItsWay = TimeSpan.FromSeconds(5);

    private readonly List<(ClientRequest Request, bool Wanted)> _asked = [];
    private readonly List<ClientRequest> _notified = [];
    private TimeSpan _changedAt;

    public DomainName Name { get; } = name;

    /// <summary>A master waits for an answer, or has one: the node knows of the last change, or that the zone is not wanted.</summary>
    public bool IsNoted => _changedAt == TimeSpan.Zero || _notified.Exists(n => n.AskedAt >= _changedAt && (
        n.Answer is null ? !n.IsOrphan : n.Answer is ZoneReply { Outcome: ZoneOutcome.Done or ZoneOutcome.Unknown }));

    public void Create(SimCluster cluster, SimClusterNode node) =>
        _asked.Add((cluster.Ask(node, new CreateZone(Name, ClusterLife.Origin)), true));

    public void Delete(SimCluster cluster, SimClusterNode node) =>
        _asked.Add((cluster.Ask(node, new DeleteZone(Name, ClusterLife.Origin)), false));

    public void Change(SimCluster cluster, uint by)
    {
        cluster.Masters.Zones[Name] += by;
        _changedAt = cluster.Sim.Now;
    }

    public void Notify(SimCluster cluster, SimClusterNode node) =>
        _notified.Add(cluster.Ask(node, cluster.Masters.Notification(Name, ClusterLife.Origin)));

    /// <summary>What is wrong with the zone now; null when all is as it must be.</summary>
    public string? Problem(SimCluster cluster)
    {
        (string Name, SimServer Server)[] own = [.. cluster.Servers.Where(s => cluster.Policy.IsPlaced(Name, s.Name))];
        string[] present = [.. own.Where(s => s.Server.Served.ContainsKey(Name)).Select(s => s.Name)];
        string[] foreign = [.. cluster.Servers.Except(own).Where(s => s.Server.Served.ContainsKey(Name)).Select(s => s.Name)];
        string known = cluster.Journal.State.Rows.TryGetValue(Name, out ZoneRow? row)
            ? $"{row.Wish} {row.Generation} {row.Content?.Serial} {string.Join(", ", row.Targets)}"
            : "no row";
        string where = $"{Name} is at [{string.Join(' ', present)}]; {known}";
        bool isServed = present.Length > 0;
        if (foreign.Length > 0) return $"at [{string.Join(' ', foreign)}], where it does not belong: {where}";
        if (present.Length != 0 && present.Length != own.Length) return $"not at every server: {where}";
        if (isServed != row is not null) return $"row and servers differ: {where}";
        if (!MayBe(isServed))
            return $"this was not promised: {where}: {string.Join("; ", _asked.Select(a => Describe(a.Request)))}";
        if (!isServed) return null;
        uint serial = cluster.Masters.Zones[Name];
        string[] behind =
            [.. own.Where(s => s.Server.Served[Name] != serial).Select(s => $"{s.Name} {s.Server.Served[Name]}")];
        return behind.Length == 0
            ? null
            : $"masters have {serial} since {_changedAt}, {string.Join(", ", behind)}: {where}: "
                + string.Join("; ", _notified.Select(Describe));
    }

    /// <summary>Whether this may be the last word: something wanted it that need not have come before what else was done.</summary>
    private bool MayBe(bool isServed)
    {
        (ClientRequest Request, bool Wanted)[] against = [.. _asked.Where(a => a.Wanted != isServed && IsDone(a.Request))];
        IEnumerable<TimeSpan> ends = _asked.Where(a => a.Wanted == isServed).Select(a => EndOf(a.Request));
        if (!isServed) ends = ends.Append(TimeSpan.Zero);
        return ends.Any(end => Array.TrueForAll(against, a => a.Request.AskedAt <= end));
    }

    private static bool IsDone(ClientRequest request) => request.Answer is ZoneReply { Outcome: ZoneOutcome.Done };

    private static TimeSpan EndOf(ClientRequest request) =>
        request.AnsweredAt is not { } at ? TimeSpan.MaxValue : IsDone(request) ? at : at + OnItsWay;

    private static string Describe(ClientRequest request) =>
        $"{request.Message.GetType().Name} {request.AskedAt:mm\\:ss\\.fff} at {request.Node.Name}"
        + $" -> {request.AnsweredAt:mm\\:ss\\.fff} {(request.Answer as ZoneReply)?.Outcome} {(request.Answer as ZoneReply)?.Reason}";
}
