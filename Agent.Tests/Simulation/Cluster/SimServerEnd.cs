using Agent.Actors.Backends;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>
/// A node's way to a name server that others may reach too. An order that has left is carried out whatever becomes of its node: it stands
/// still in the middle of giving it, or dies before the answer.
/// </summary>
internal sealed class SimServerEnd : SimPort, IZoneBackend, IContentCheck
{
    private static readonly TimeSpan Way = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LateMax = TimeSpan.FromSeconds(5);
    private static readonly Reason NotThere = new(ReasonCode.TargetAway, "no answer");

    private readonly SimServer _server;
    private readonly FaultLog _log;
    private readonly (string Node, int Life) _self;

    public SimServerEnd(SimScheduler sim, FaultLog log, SimNode node, SimServer server)
        : base(sim, node, sim.Faults.Fork())
    {
        _server = server;
        _log = log;
        _self = (node.Name, node.Lives);
    }

    public BackendTraits Traits => _server.Traits;

    /// <summary>This node cannot reach the server; others may.</summary>
    public bool IsCut { get; set; }

    /// <summary>Chance that an order is given up at its deadline and carried out all the same, later.</summary>
    public double LateChance { get; set; }

    public void Apply(ApplyZone order, ReplyTo replyTo) => Order(order, replyTo);

    public void Remove(RemoveZone order, ReplyTo replyTo) => Order(order, replyTo);

    public void Observe(ObserveZone order, ReplyTo replyTo) => Order(order, replyTo);

    public void Probe(ProbeServer order, ReplyTo replyTo) => Order(order, replyTo);

    public void Check(CheckContent order, ReplyTo replyTo)
    {
        if (!TryCall()) return;
        if (IsCut)
            Reach(Node.PausedFor + Deadline, () => replyTo.Tell(new ContentChecked(order.Id, ContentVerdict.CannotTell, null, NotThere)));
        else
            Leave(Random.NextTimeSpan(Way), () => Return(replyTo, _server.Compare(order)));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Order(BackendOrder order, ReplyTo replyTo)
    {
        if (!TryCall()) return;
        TimeSpan orderedAt = Sim.Now;
        if (IsCut)
        {
            _log.Count("server.unreachable", Node.Name);
            LeaveInDoubt(order);
            Reach(Node.PausedFor + Deadline, () => replyTo.Tell(GivenUp(order)));
        }
        else if (order is ApplyZone or RemoveZone && Random.Chance(LateChance))
        {
            _log.Count("server.late-effect", Node.Name);
            LeaveInDoubt(order);
            Reach(Node.PausedFor + Deadline, () => replyTo.Tell(GivenUp(order)));
            Leave(Deadline + Random.NextTimeSpan(LateMax), () => _server.Take(_self, order, _ => { }, orderedAt, isGivenUp: true));
        }
        else
        {
            if (Node.PausedFor > TimeSpan.Zero) _log.Count("server.order-of-a-paused-node", Node.Name);
            Leave(Random.NextTimeSpan(Way), () => _server.Take(_self, order, answer => Return(replyTo, answer), orderedAt));
        }
    }

    private void LeaveInDoubt(BackendOrder order)
    {
        DomainName? zone = order switch
        {
            ApplyZone x => x.Zone,
            RemoveZone x => x.Zone,
            ObserveZone x => x.Zone,
            _ => null,
        };
        if (zone is not null) _server.LeaveInDoubt(zone);
    }

    private void Return(ReplyTo replyTo, object answer) => Reach(Random.NextTimeSpan(Way), () => replyTo.Tell(answer));

    private static object GivenUp(BackendOrder order) => order is ObserveZone
        ? new ZoneObserved(order.Id, Observation.CannotTell, 0, NotThere)
        : new OrderFinished(order.Id, OrderOutcome.Away, NotThere);
}
