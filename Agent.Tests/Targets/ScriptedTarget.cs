using Agent.Actors.Backends;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Zones;

namespace Agent.Tests.Targets;

/// <summary>A target's machine, and a server that says what the test wants it to say.</summary>
internal sealed class ScriptedTarget
{
    private const string Zone = "example.com.";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly Reason Why = new(ReasonCode.TargetAway, "for a test");
    private readonly List<TargetEffect> _effects = [];
    private readonly HashSet<long> _ended = [];
    private readonly IActorRef _owner = new Nobody();
    private TimeSpan _now;

    public ScriptedTarget(TargetRules rules, bool canReAdd = true, bool canCheck = true, TimeSpan? patience = null, bool comesInTurn = true)
    {
        BackendTraits traits = new("test", 4, patience ?? Patience) { CanReAdd = canReAdd, ComesInTurn = comesInTurn };
        Machine = new TargetMachine("ns1", traits, new KernelRandom(1), rules)
        {
            CanCheck = canCheck,
        };
    }

    public TargetMachine Machine { get; }

    /// <summary>The last report.</summary>
    public TargetProgress Last => Reports()[^1];

    public List<Rung> Rungs => [.. _effects.OfType<Escalate>().Select(e => e.Rung)];

    public List<DriftFinding> Findings => [.. _effects.OfType<DriftSeen>().Select(e => e.Finding)];

    public List<CountCheck> Checks => [.. _effects.OfType<CountCheck>()];

    public int DriftsOver => _effects.OfType<DriftOver>().Count();

    private KernelInstant Now => new(_now, DateTimeOffset.UnixEpoch + _now);

    public void Want(uint serial, long generation = 1, string zone = Zone) => Tell(zone, generation, serial, isLook: false, default);

    public void Look(uint serial, LookDepth depth) => Tell(Zone, 1, serial, isLook: true, depth);

    public void WantAbsent(long generation = 1) =>
        Machine.Want(new WantZone(DomainName.Parse(Zone), generation, null, ObserveFirst: true), _owner, Now, _effects);

    /// <summary>The creation came to nothing.</summary>
    public void WantUndone() =>
        Machine.Want(new WantZone(DomainName.Parse(Zone), 2, null, ObserveFirst: true) { Undoes = true }, _owner, Now, _effects);

    /// <summary>The last look before the server is not waited for any more.</summary>
    public ObserveZone OrderBehindPatience()
    {
        Advance(2 * Patience);
        return Order<ObserveZone>();
    }

    /// <summary>The server takes the content, and serves this when its time is over; at once where that is the wanted serial.</summary>
    public void TakeAndServe(uint? serial)
    {
        ApplyZone apply = Order<ApplyZone>();
        Finish(apply, OrderOutcome.Done);
        if (apply.Content.Serial == serial) See(Order<ObserveZone>(), serial);
        else PatienceIsOver(serial);
    }

    public void PatienceIsOver(uint? serial)
    {
        Advance(2 * Patience);
        See(Order<ObserveZone>(), serial);
    }

    public void RestIsOver() => Advance(Machine.NextDue!.Value - _now);

    public void Advance(TimeSpan duration)
    {
        _now += duration;
        Machine.Tick(Now, _effects);
    }

    public void GoAndReturn()
    {
        foreach (OrderOutcome outcome in new[] { OrderOutcome.Away, OrderOutcome.Done })
        {
            Machine.Probe(Now, _effects);
            Finish(Order<ProbeServer>(), outcome);
        }
    }

    public void Finish(BackendOrder order, OrderOutcome outcome)
    {
        _ended.Add(order.Id);
        Machine.Finished(new OrderFinished(order.Id, outcome, outcome == OrderOutcome.Done ? null : Why), Now, _effects);
    }

    /// <summary>The server has changed nothing.</summary>
    public void RefuseUntouched(BackendOrder order)
    {
        _ended.Add(order.Id);
        Machine.Finished(new OrderFinished(order.Id, OrderOutcome.Refused, Why) { ChangedNothing = true }, Now, _effects);
    }

    public void See(ObserveZone order, uint? serial)
    {
        _ended.Add(order.Id);
        Observation seen = serial is null ? Observation.Absent : Observation.Present;
        Machine.Observed(new ZoneObserved(order.Id, seen, serial ?? 0, null), Now, _effects);
    }

    /// <summary>It serves what is wanted, and keeps the zone otherwise than the driver gives it.</summary>
    public void SeeOtherSettings(ObserveZone order, uint serial, string difference)
    {
        _ended.Add(order.Id);
        Machine.Observed(
            new ZoneObserved(order.Id, Observation.Present, serial, null) { SettingsDifference = difference }, Now, _effects);
    }

    public void CannotSee(ObserveZone order)
    {
        _ended.Add(order.Id);
        Machine.Observed(new ZoneObserved(order.Id, Observation.CannotTell, 0, Why), Now, _effects);
    }

    /// <summary>What it serves shows that it should not have taken the zone.</summary>
    public void SeeThatItCannotHold(ObserveZone order)
    {
        _ended.Add(order.Id);
        Reason reason = new(ReasonCode.TargetCannotHold, "for a test");
        Machine.Observed(new ZoneObserved(order.Id, Observation.CannotTell, 0, reason), Now, _effects);
    }

    public void Compare(CheckContent order, ContentVerdict verdict)
    {
        _ended.Add(order.Id);
        ContentDifference? difference = verdict != ContentVerdict.Differs
            ? null
            : new ContentDifference(1, 0, ["extra.example.com. 300 IN A 192.0.2.1"], [], order.Proof);
        Reason? reason = verdict == ContentVerdict.CannotTell ? Why : null;
        Machine.Checked(new ContentChecked(order.Id, verdict, difference, reason), Now, _effects);
    }

    /// <summary>It gives no transfer, and what was asked for is as wanted.</summary>
    public void CompareOnlySample(CheckContent order)
    {
        _ended.Add(order.Id);
        Reason why = new(ReasonCode.VerifyUnchecked, "a sample");
        Machine.Checked(new ContentChecked(order.Id, ContentVerdict.Same, null, why) { IsOnlySampled = true }, Now, _effects);
    }

    /// <summary>Orders given and not ended yet.</summary>
    public List<BackendOrder> Orders() => [.. _effects.OfType<IssueOrder>().Select(i => i.Order).Where(o => !_ended.Contains(o.Id))];

    public T Order<T>()
        where T : BackendOrder => Assert.Single(Orders().OfType<T>());

    public List<TargetProgress> Reports() => [.. _effects.OfType<ReportProgress>().Select(r => r.Report.Progress)];

    private void Tell(string zone, long generation, uint serial, bool isLook, LookDepth depth)
    {
        ZoneContent content = SampleZones.Content(zone, serial);
        var wish = new WantZone(DomainName.Parse(zone), generation, content, isLook) { Depth = depth };
        Machine.Want(wish, _owner, Now, _effects);
    }

    private sealed class Nobody : IActorRef
    {
        public string Path => "/nobody";

        public void Tell(object message, IActorRef? sender = null)
        {
        }
    }
}
