using Agent.Actors.Backends;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Transfers;
using Agent.Dns.Zones;

namespace Agent.Actors.Zones;

/// <content>What the zone tells the targets. They report to the shard, which outlives this actor.</content>
internal sealed partial class ZoneActor
{
    private WantZone Wish(long generation, ZoneContent? content, bool observeFirst, TimeSpan? toldAt = null) =>
        new(_name, generation, content, observeFirst) { Shard = _targets.Shard, Epoch = _targets.Epoch, ToldAt = toldAt };

    /// <summary>Others hear of a change when no target is still on its way to it: who asks one of them next gets the new content.</summary>
    private void TellOthers()
    {
        if (_settings.Announcements is not { } announcements || AnnouncedSerial() is not { } serial || serial == _announced) return;
        _announced = serial;
        announcements.Tell(new AnnounceZone(_name, serial), Self);
    }

    /// <summary>The serial that others may know of; null while none is, or while the servers do not serve it yet.</summary>
    private uint? AnnouncedSerial() =>
        _machine.Row is { Wish: ZoneWish.Present, Content: { } content } row
            && row.Targets.All(t => t.State != TargetZoneState.Pending || ZoneWishes.IsKept(t))
            ? content.Serial
            : null;

    private void TellTargets(WantZone wish)
    {
        foreach (IActorRef target in _targets.Set.Targets.Values) target.Tell(wish, Context.Parent);
    }

    /// <summary>
    /// Only the one who changes the zone tells a target what is wanted of it: from anybody else an older wish could come behind a newer.
    /// </summary>
    private void TellAgain(TellTargetAgain again)
    {
        if (!_targets.All.Targets.TryGetValue(again.Target, out IActorRef? target) || _machine.IsHeldBack(again.Target)) return;
        if (_machine.Row is { } row && ZoneWishes.For(again.Target, row, _targets, PolicyNow()) is { } wish)
            target.Tell(wish with { Depth = again.Depth }, Context.Parent);
    }

    private void TellTarget(WantAt want)
    {
        if (!_targets.All.Targets.TryGetValue(want.Target, out IActorRef? target)) return;
        TimeSpan? toldAt = want.ObserveFirst ? null : Clock.Monotonic;
        target.Tell(Wish(want.Generation, want.Content, want.ObserveFirst, toldAt) with { IsExpired = want.IsExpired }, Context.Parent);
    }

    /// <summary>The machine has those told that are new; one that is only to be reached otherwise than before is told here.</summary>
    private void Exchange(ZoneTargets targets)
    {
        TargetSet before = _targets.All;
        _targets = targets;
        Step(new TargetsChanged(targets.Set.Names) { Others = targets.Others });
        foreach ((string name, IActorRef target) in targets.All.Targets)
        {
            if (before.Targets.TryGetValue(name, out IActorRef? former) && former != target) TellAgain(new TellTargetAgain(name));
        }
    }
}
