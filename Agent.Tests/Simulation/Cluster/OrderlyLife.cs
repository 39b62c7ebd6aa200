using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Zones;
using Agent.Dns.Wire;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>
/// One life of a cluster in which nothing breaks and nodes leave in good order and return, one at a time, while requests come steadily to
/// all that are there. No request may fail.
/// </summary>
internal sealed class OrderlyLife
{
    private const int Restarts = 4;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan DrainMax = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RequestsEvery = TimeSpan.FromMilliseconds(120);

    private readonly SimCluster _cluster;
    private readonly KernelRandom _random;
    private readonly DomainName[] _zones;
    private readonly List<ClientRequest> _requests = [];
    private SimClusterNode? _closed;

    private OrderlyLife(ulong seed, SimOptions options)
    {
        _cluster = new SimCluster(seed, options, isCalm: true);
        _random = _cluster.Sim.Faults.Fork();
        _zones = [.. Enumerable.Range(0, 6).Select(i => DomainName.Parse($"zone{i}.example."))];
        foreach (DomainName zone in _zones) _cluster.Masters.Zones[zone] = 1;
    }

    /// <summary>Lives it, and returns the cluster as it was at the end.</summary>
    public static SimCluster Live(ulong seed, SimOptions options)
    {
        OrderlyLife life = new(seed, options);
        life.Live();
        return life._cluster;
    }

    private void Live()
    {
        Until(() => _cluster.Nodes.TrueForAll(n => n.HasStarted) && _cluster.Unowned() is null, "the cluster is there");
        foreach (DomainName zone in _zones) Ask(new CreateZone(zone, ClusterLife.Origin));
        Until(() => _cluster.Answers.Open == 0, "the zones are created");
        _cluster.Sim.Schedule(RequestsEvery, Request);
        for (int restart = 0; restart < Restarts; restart++)
        {
            _cluster.Sim.RunFor(_random.NextTimeSpan(TimeSpan.FromSeconds(3)));
            Restart(_cluster.Nodes[_random.Next(_cluster.Nodes.Count)]);
        }

        _closed = null;
        Until(() => _cluster.Unowned() is null && _requests.TrueForAll(r => r.Answer is not null), "everything is answered");
        Check();
        _cluster.Checkers.AtEnd();
    }

    /// <summary>As the program stops: shards away, then doors closed, then the last answers, then the end.</summary>
    private void Restart(SimClusterNode node)
    {
        node.Cluster.Keeper.Tell(new SetLeaving(true));
        Until(() => Ask<OwnedShards>(node.Cluster.Owner!, new GetOwnedShards()).IsIdle, $"{node.Name} has given its shards away", DrainMax);
        _closed = node;
        Until(() => _requests.TrueForAll(r => r.Node != node.Node || r.Answer is not null), $"{node.Name} has answered", DrainMax);
        node.StopInOrder();
        _cluster.Sim.RunFor(_random.NextTimeSpan(TimeSpan.FromSeconds(10)));
        Until(() => node.HasStarted && node.Node.IsUp, $"{node.Name} is back");
        _closed = null;
        // The next one leaves when this one has taken its part, or before.
        if (_random.Chance(0.5)) _cluster.Sim.RunFor(TimeSpan.FromSeconds(10));
        Check();
    }

    private void Request()
    {
        DomainName zone = _zones[_random.Next(_zones.Length - 1)];
        // The last one comes and goes, one request at a time: what two that cross each other lead to is not this life's matter.
        DomainName churning = _zones[^1];
        if (_random.Chance(0.2) && _requests.TrueForAll(r => r.Answer is not null || ((ZoneMessage)r.Message).Zone != churning))
        {
            Ask(_random.Chance(0.5) ? new CreateZone(churning, ClusterLife.Origin) : new DeleteZone(churning, ClusterLife.Origin));
        }
        else
        {
            _cluster.Masters.Zones[zone]++;
            Ask(new NotifyZone(zone, ClusterLife.Origin, null, null));
        }

        _cluster.Sim.Schedule(RequestsEvery, Request);
    }

    private void Ask(ZoneMessage message)
    {
        SimClusterNode[] open = [.. _cluster.Nodes.Where(n => n != _closed && n.HasStarted && n.Node.IsUp)];
        _requests.Add(_cluster.Ask(open[_random.Next(open.Length)], message));
    }

    private void Check()
    {
        foreach (ClientRequest request in _requests.Where(r => r.Answer is not null))
        {
            if (request.Answer is ZoneReply { Outcome: ZoneOutcome.Done }) continue;
            Assert.Fail($"no request fails because a node leaves in good order: {request.Message}, asked of {request.Node.Name} at "
                + $"{request.AskedAt}, was answered {request.Answer} at {request.AnsweredAt}");
        }

        _requests.RemoveAll(r => r.Answer is not null);
    }

    private T Ask<T>(IActorRef actor, object question)
    {
        ReplyBox box = new(_cluster.Sim);
        actor.Tell(question, box);
        return box.Expect<T>();
    }

    private void Until(Func<bool> holds, string what, TimeSpan? limit = null)
    {
        TimeSpan end = _cluster.Sim.Now + (limit ?? TimeSpan.FromMinutes(3));
        while (!holds())
        {
            if (_cluster.Sim.Now >= end) Assert.Fail($"not in time: {what}; {_cluster.Describe()}");
            _cluster.Sim.RunFor(Look);
        }
    }
}
