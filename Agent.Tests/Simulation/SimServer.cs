using Agent.Actors.Backends;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;

namespace Agent.Tests.Simulation;

/// <summary>A name server as a model: it can be away, take its time to load, take a change and not load it, lose all its zones, and
/// refuse.</summary>
internal sealed class SimServer(SimScheduler sim) : IZoneBackend
{
    private static readonly Reason NotThere = new(ReasonCode.TargetAway, "no answer");

    private readonly HashSet<DomainName> _busy = [];
    private int _runs;
    private readonly Dictionary<DomainName, TimeSpan> _lastEffect = [];

    public SortedDictionary<DomainName, uint> Served { get; } = [];

    public bool Away { get; set; }

    /// <summary>Chance that a change is taken and not loaded.</summary>
    public double LieChance { get; set; }

    /// <summary>Actors break in this run: one that began anew does not know what the one before it had ordered.</summary>
    public bool MayOverlap { get; set; }

    public HashSet<DomainName> Refused { get; } = [];

    public BackendTraits Traits { get; } = new("simulated", 4, TimeSpan.FromSeconds(2));

    public void Apply(ApplyZone order, ReplyTo replyTo) =>
        Change(order.Zone, order.Id, replyTo, () => Served[order.Zone] = order.Content.Serial);

    public void Remove(RemoveZone order, ReplyTo replyTo) => Change(order.Zone, order.Id, replyTo, () => Served.Remove(order.Zone));

    public void Observe(ObserveZone order, ReplyTo replyTo) => Later(5, () => replyTo.Tell(
        Away || _busy.Contains(order.Zone) ? new ZoneObserved(order.Id, Observation.CannotTell, 0, NotThere)
        : Served.TryGetValue(order.Zone, out uint serial) ? new ZoneObserved(order.Id, Observation.Present, serial, null)
        : new ZoneObserved(order.Id, Observation.Absent, 0, null)));

    public void Probe(ProbeServer order, ReplyTo replyTo) => Later(5, () => replyTo.Tell(
        new OrderFinished(order.Id, Away ? OrderOutcome.Away : OrderOutcome.Done, Away ? NotThere : null, $"run {_runs}")));

    /// <summary>It stops and starts again at once, and everything that it served is gone.</summary>
    public void RestartEmpty()
    {
        _runs++;
        Served.Clear();
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Change(DomainName zone, long id, ReplyTo replyTo, Action change)
    {
        if (!_busy.Add(zone))
        {
            Assert.True(MayOverlap, "two changes of one zone at once");
            Later(5, () => replyTo.Tell(new OrderFinished(id, OrderOutcome.Away, new Reason(ReasonCode.TargetAway, "still at it"))));
            return;
        }

        Later(30, () =>
        {
            _busy.Remove(zone);
            if (Away)
            {
                replyTo.Tell(new OrderFinished(id, OrderOutcome.Away, NotThere));
                return;
            }

            if (Refused.Contains(zone))
            {
                replyTo.Tell(new OrderFinished(id, OrderOutcome.Refused, new Reason(ReasonCode.TargetRefused, "as the simulation says")));
                return;
            }

            replyTo.Tell(new OrderFinished(id, OrderOutcome.Done, null));
            if (!sim.Faults.Chance(LieChance)) TakeEffect(zone, change);
        });
    }

    /// <summary>A server takes its time, yet the changes of one zone in the order in which it took them.</summary>
    private void TakeEffect(DomainName zone, Action change)
    {
        TimeSpan at = sim.Now + sim.Faults.NextTimeSpan(TimeSpan.FromMilliseconds(20));
        if (_lastEffect.TryGetValue(zone, out TimeSpan last) && last > at) at = last;
        _lastEffect[zone] = at;
        sim.Schedule(at - sim.Now, change);
    }

    private void Later(int mostMs, Action action) => sim.Schedule(sim.Faults.NextTimeSpan(TimeSpan.FromMilliseconds(mostMs)), action);
}
