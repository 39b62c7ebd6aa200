using Agent.Actors.Backends;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;

namespace Agent.Tests.Simulation;

/// <summary>Something that changed what a server serves.</summary>
/// <param name="At">When.</param>
/// <param name="Zone">Which zone; null when all were lost at once.</param>
/// <param name="Serial">What is served from now on; null for nothing.</param>
/// <param name="By">Whose order it was; null for a server with one agent only.</param>
/// <param name="OrderedAt">When the order was given: one of a node that stood still or died since takes effect all the same.</param>
internal sealed record ServerEffect(TimeSpan At, DomainName? Zone, uint? Serial, (string Node, int Life)? By, TimeSpan OrderedAt);

/// <summary>A name server as a model: it can be away, take its time to load, take a change and not load it, lose all its zones, and
/// refuse. Several nodes reach the same server through an end of their own.</summary>
internal sealed class SimServer(SimScheduler sim) : IZoneBackend, IContentCheck
{
    private static readonly Reason NotThere = new(ReasonCode.TargetAway, "no answer");

    private readonly HashSet<((string Node, int Life)? By, DomainName Zone)> _busy = [];
    private readonly List<ServerEffect> _effects = [];
    private readonly Dictionary<DomainName, TimeSpan> _doubts = [];
    private int _runs;
    private readonly Dictionary<DomainName, TimeSpan> _lastEffect = [];
    private TimeSpan _loadsUntil;

    public SortedDictionary<DomainName, uint> Served { get; } = [];

    public bool Away { get; set; }

    /// <summary>Chance that a change is taken and not loaded.</summary>
    public double LieChance { get; set; }

    /// <summary>Chance that a change is loaded with other records than were given.</summary>
    public double MixUpChance { get; set; }

    /// <summary>Zones whose records are not those that belong to the serial.</summary>
    public SortedSet<DomainName> Spoiled { get; } = [];

    /// <summary>Actors break in this run: one that began anew does not know what the one before it had ordered.</summary>
    public bool MayOverlap { get; set; }

    public HashSet<DomainName> Refused { get; } = [];

    /// <summary>It says yes at once and then loads one zone after the other, each for this long; null: none waits for others.</summary>
    public TimeSpan? LoadsOneByOne { get; init; }

    public BackendTraits Traits { get; init; } = new("simulated", 4, TimeSpan.FromSeconds(2)) { CanReAdd = true };

    /// <summary>Everything that changed what is served, in order.</summary>
    public IReadOnlyList<ServerEffect> Effects => _effects;

    public void Apply(ApplyZone order, ReplyTo replyTo) => Take(null, order, answer => replyTo.Tell(answer), sim.Now);

    public void Remove(RemoveZone order, ReplyTo replyTo) => Take(null, order, answer => replyTo.Tell(answer), sim.Now);

    public void Observe(ObserveZone order, ReplyTo replyTo) => Take(null, order, answer => replyTo.Tell(answer), sim.Now);

    public void Check(CheckContent order, ReplyTo replyTo) => Later(300, () => replyTo.Tell(Compare(order)));

    public void Probe(ProbeServer order, ReplyTo replyTo) => Take(null, order, answer => replyTo.Tell(answer), sim.Now);

    /// <summary>An order has arrived from a node, which may have given it up already.</summary>
    public void Take(
        (string Node, int Life)? by, BackendOrder order, Action<object> answer, TimeSpan orderedAt, bool isGivenUp = false)
    {
        switch (order)
        {
            case ApplyZone apply:
                Change(isGivenUp, by, apply.Zone, order.Id, answer, () => Serve(by, apply.Zone, apply.Content.Serial, orderedAt));
                break;
            case RemoveZone remove:
                Change(isGivenUp, by, remove.Zone, order.Id, answer, () => Serve(by, remove.Zone, null, orderedAt));
                break;
            case ObserveZone observe:
                Later(5, () => answer(
                    Away || _busy.Contains((by, observe.Zone)) ? CannotTell(order.Id, observe.Zone)
                    : Served.TryGetValue(observe.Zone, out uint serial) ? new ZoneObserved(order.Id, Observation.Present, serial, null)
                    : new ZoneObserved(order.Id, Observation.Absent, 0, null)));
                break;
            default:
                Later(5, () => answer(new OrderFinished(
                    order.Id, Away ? OrderOutcome.Away : OrderOutcome.Done, Away ? NotThere : null, $"run {_runs}")));
                break;
        }
    }

    /// <summary>It stops and starts again at once, and everything that it served is gone.</summary>
    public void RestartEmpty()
    {
        _runs++;
        Served.Clear();
        Spoiled.Clear();
        _effects.Add(new ServerEffect(sim.Now, null, null, null, sim.Now));
    }

    /// <summary>Somebody with access to the server changes records there, and the serial with them or not.</summary>
    public void EditByHand(DomainName zone, uint serialBy)
    {
        if (!Served.TryGetValue(zone, out uint serial)) return;
        Spoiled.Add(zone);
        LeaveInDoubt(zone);
        Served[zone] = serial + serialBy;
    }

    /// <summary>Somebody asked or ordered in vain, or changed the zone here: it may act now without looking.</summary>
    public void LeaveInDoubt(DomainName zone) => _doubts[zone] = sim.Now;

    /// <summary>When somebody asked about the zone, or ordered something, in vain for the last time.</summary>
    public TimeSpan? LastDoubt(DomainName zone) => _doubts.TryGetValue(zone, out TimeSpan at) ? at : null;

    /// <summary>What a comparison finds at this moment.</summary>
    public ContentChecked Compare(CheckContent order)
    {
        bool isThere = Served.TryGetValue(order.Zone, out uint serial);
        if (Away || !isThere) return new ContentChecked(order.Id, ContentVerdict.CannotTell, null, NotThere);
        if (serial == order.Content.Serial && !Spoiled.Contains(order.Zone))
            return new ContentChecked(order.Id, ContentVerdict.Same, null, null);
        var difference = new ContentDifference(1, 1, ["a.example. 1 IN A 192.0.2.1"], ["a.example. 1 IN A 192.0.2.2"], order.Proof);
        return new ContentChecked(order.Id, ContentVerdict.Differs, difference, null);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private ZoneObserved CannotTell(long id, DomainName zone)
    {
        LeaveInDoubt(zone);
        return new ZoneObserved(id, Observation.CannotTell, 0, NotThere);
    }

    private void Serve((string Node, int Life)? by, DomainName zone, uint? serial, TimeSpan orderedAt)
    {
        if (serial is { } present) Served[zone] = present;
        else Served.Remove(zone);
        if (serial is not null && MixUpChance > 0 && sim.Faults.Chance(MixUpChance)) Spoiled.Add(zone);
        else Spoiled.Remove(zone);
        _effects.Add(new ServerEffect(sim.Now, zone, serial, by, orderedAt));
    }

    private void Change(
        bool isGivenUp, (string Node, int Life)? by, DomainName zone, long id, Action<object> answer, Action change)
    {
        if (!isGivenUp && !_busy.Add((by, zone)))
        {
            Assert.True(MayOverlap, "two changes of one zone at once");
            LeaveInDoubt(zone);
            Later(5, () => answer(new OrderFinished(id, OrderOutcome.Away, new Reason(ReasonCode.TargetAway, "still at it"))));
            return;
        }

        Later(30, () =>
        {
            if (!isGivenUp) _busy.Remove((by, zone));
            if (Away)
            {
                LeaveInDoubt(zone);
                answer(new OrderFinished(id, OrderOutcome.Away, NotThere));
                return;
            }

            if (Refused.Contains(zone))
            {
                answer(new OrderFinished(id, OrderOutcome.Refused, new Reason(ReasonCode.TargetRefused, "as the simulation says"))
                {
                    ChangedNothing = true,
                });
                return;
            }

            answer(new OrderFinished(id, OrderOutcome.Done, null));
            if (sim.Faults.Chance(LieChance)) LeaveInDoubt(zone);
            else TakeEffect(zone, change);
        });
    }

    /// <summary>A server takes its time, yet the changes of one zone in the order in which it took them.</summary>
    private void TakeEffect(DomainName zone, Action change)
    {
        TimeSpan at = LoadsOneByOne is { } each
            ? _loadsUntil = (_loadsUntil > sim.Now ? _loadsUntil : sim.Now) + each
            : sim.Now + sim.Faults.NextTimeSpan(TimeSpan.FromMilliseconds(20));
        if (_lastEffect.TryGetValue(zone, out TimeSpan last) && last > at) at = last;
        _lastEffect[zone] = at;
        sim.Schedule(at - sim.Now, change);
    }

    private void Later(int mostMs, Action action) => sim.Schedule(sim.Faults.NextTimeSpan(TimeSpan.FromMilliseconds(mostMs)), action);
}
