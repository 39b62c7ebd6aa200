using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Agent.Actors.Backends;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Reasons;
using Agent.Actors.Telemetry;
using Agent.Dns.Wire;

namespace Agent.Actors.Zones;

/// <content>Zones as rows and as actors, and the passage between the two.</content>
public sealed partial class ZoneShardActor
{
    private IActorRef Wake(DomainName name)
    {
        if (!_slots.TryGetValue(name, out ZoneSlot? slot)) Add(name, slot = SlotOf(name, null));
        if (slot.Actor is { } awake) return awake;
        ZoneRow? row = RowOf(name, slot);
        slot.Kept = row;
        var zone = new ZoneRowOrName(row?.Name ?? name, row);
        IActorRef actor = Context.ActorOf(ZoneActor.Props(_settings.Zones, zone, TargetsOf(name, row), _healthy));
        Context.Watch(actor);
        _actors.Add(actor, name);
        AgentMetrics.ZoneActors.Add(1);
        slot.Actor = actor;
        slot.Sent = 0;
        slot.RefreshAt = default;
        if (slot.NeedsLook)
        {
            // Before anything else: whatever its last actor had begun and not finished is made good from the row.
            slot.NeedsLook = false;
            Tell(slot, new Loaded(CheckMasters: true));
        }

        if (slot.IsPutOff)
        {
            // What it is asked for next may wait for what the targets say.
            slot.IsPutOff = false;
            foreach (string target in TargetsOf(name, row).Set.Names) Tell(slot, new TellTargetAgain(target));
        }

        return actor;
    }

    private void Tell(DomainName name, object message)
    {
        Wake(name);
        Tell(_slots[name], message);
    }

    /// <summary>Every message to a zone is counted, so that an offer to rest that crosses it is not taken.</summary>
    private void Tell(ZoneSlot slot, object message, IActorRef? sender = null)
    {
        slot.Sent++;
        slot.Actor!.Tell(new FromShard(message, sender ?? Self), Self);
    }

    private void Deliver(ZoneMessage message, IActorRef sender)
    {
        bool known = _slots.TryGetValue(message.Zone, out ZoneSlot? slot);
        if (slot is { IsUnread: true })
        {
            if (slot.Held.Count < _settings.MaxEarly) slot.Held.Enqueue((message, sender));
            else message.Refuse(sender, Starting);
            return;
        }

        switch (message)
        {
            case GetCatalog or ApproveCatalog:
                AskCatalog(message, sender);
                return;

            case CreateZone or NotifyZone when ConfiguredAs(message, slot) is { } answer:
                sender.Tell(answer, Self);
                return;

            // Questions do not wake anybody.
            case GetZone when !known:
                sender.Tell(new ZoneReply(message.Zone, ZoneOutcome.Unknown), Self);
                return;
            case GetZone when slot!.Actor is null:
                sender.Tell(ZoneStatusView.Of(RowOf(message.Zone, slot)!), Self);
                return;
            case GetZoneContent { OfCandidate: true } when slot?.Actor is null:
                sender.Tell(new ZoneContentReply(message.Zone, RowOf(message.Zone, slot)?.Candidate?.Content), Self);
                return;
            case GetZoneContent when slot?.Actor is null:
                sender.Tell(ContentReply(message.Zone, RowOf(message.Zone, slot)), Self);
                return;
            case LookAtTarget look:
                sender.Tell(new ZoneReply(message.Zone, Look(slot, look) ? ZoneOutcome.Done : ZoneOutcome.Unknown), Self);
                return;
            case RefreshZone or DecideCandidate or RemoveOrphan when !known:
                sender.Tell(new ZoneReply(message.Zone, ZoneOutcome.Unknown), Self);
                return;
            default:
                break;
        }

        Wake(message.Zone);
        Tell(_slots[message.Zone], message, sender);
    }

    /// <summary>A target's report goes to the zone when it is awake; a quiet zone only has its row brought up to date.</summary>
    private void Deliver(TargetReport report)
    {
        if (!_slots.TryGetValue(report.Zone, out ZoneSlot? slot)) return;
        if (slot.Actor is not null)
        {
            Tell(slot, report, Sender);
            return;
        }

        ZoneRow? known = RowOf(report.Zone, slot);
        if (!slot.IsUnread && RolloutPolicy.IsOnTrial(known))
        {
            // It may be what a rollout waits for.
            CodeProbe.Reached("shard.trial-wakes");
            Wake(report.Zone);
            Tell(slot, report, Sender);
            return;
        }

        if (slot.IsUnread || known is not { } row || row.Generation != report.Generation) return;
        if (row.Targets.FirstOrDefault(t => t.Target == report.Progress.Target) is not { } before) return;
        TargetProgress now = report.Progress with { IsLeaving = before.IsLeaving, IsReleased = before.IsReleased };
        if (ZoneWishes.IsOutdated(row, now, _settings.Zones.Policy.Current)) return;
        bool hasLeft = now.IsLeaving && ZoneWishes.IsGone(now);
        row = row with { Targets = hasLeft ? row.Targets.Remove(before) : row.Targets.Replace(before, now) };
        ZoneRow released = ZoneWishes.Released(row, _settings.Zones.Policy.Current.Quorum);
        Rest(slot, released);
        if (!ReferenceEquals(released, row)) TellLeaving(released);
        TargetProgress written = slot.TakeWritten(now.Target) ?? before;
        if (written.State == now.State && written.Serial == now.Serial) return;
        _settings.Zones.Journal.Tell(new Append(0, _start!.Epoch, [new PutProgress(report.Zone, now)]), Self);
    }

    private void Picture(ZonePicture picture)
    {
        if (!_slots.TryGetValue(picture.Zone, out ZoneSlot? slot) || slot.Actor != Sender) return;
        slot.Kept = picture.Row;
        slot.ForgetWritten();
        slot.Phase = picture.Phase;
        slot.Transferring = picture.Transferring;
        TellCatalog(picture.Zone, slot);
    }

    private void Rest(RestOffered offer)
    {
        if (!_slots.TryGetValue(offer.Zone, out ZoneSlot? slot) || slot.Actor != Sender || slot.Sent != offer.Received) return;
        Context.Unwatch(Sender);
        Context.Stop(Sender);
        _actors.Remove(Sender);
        AgentMetrics.ZoneActors.Add(-1);
        slot.Actor = null;
        if (offer.Gone)
        {
            Remove(offer.Zone);
            return;
        }

        if (RowOf(offer.Zone, slot) is { } row) Rest(slot, row);
        slot.Transferring = false;
        slot.RefreshAt = Clock.Monotonic + offer.RefreshIn;
        _refreshes.Enqueue(offer.Zone, slot.RefreshAt);
        if (_refreshes.Count > SpareRefreshes + (2 * _slots.Count)) DropPassedRefreshes();
        ArmRefresh();
    }

    /// <summary>A zone that often wakes and rests leaves an entry each time; only its last one stands.</summary>
    private void DropPassedRefreshes()
    {
        _refreshes.Clear();
        foreach ((DomainName name, ZoneSlot slot) in _slots)
        {
            if (slot.Actor is null && slot.RefreshAt > TimeSpan.Zero) _refreshes.Enqueue(name, slot.RefreshAt);
        }
    }

    /// <summary>
    /// A zone's actor broke, perhaps between a write and its word of it: only the journal knows what is durable. The row is read back,
    /// messages wait for it, and a new actor goes on from there after a moment, or with the first message, and looks at everything again.
    /// </summary>
    private void ZoneFailed(IActorRef actor)
    {
        if (!_actors.Remove(actor, out DomainName? name) || !_slots.TryGetValue(name, out ZoneSlot? slot)) return;
        AgentMetrics.ZoneActors.Add(-1);
        CodeProbe.Reached("shard.zone-broke");
        slot.Actor = null;
        slot.Transferring = false;
        slot.IsUnread = true;
        AskRow(name);
    }

    private void AskRow(DomainName zone) => _settings.Zones.Journal.Tell(new AskZoneRow(zone), Self);

    private void ReadBack(ZoneRead read)
    {
        if (!_slots.TryGetValue(read.Zone, out ZoneSlot? slot) || !slot.IsUnread) return;
        if (read.Row?.Generation > (RowOf(read.Zone, slot)?.Generation ?? 0)) CodeProbe.Reached("shard.row-was-older");
        slot.IsUnread = false;
        slot.Kept = read.Row;
        slot.Phase = read.Row is { Wish: ZoneWish.Absent } ? ZonePhase.Deleting : ZonePhase.Present;
        Queue<(ZoneMessage Message, IActorRef Sender)> held = slot.TakeHeld();
        slot.NeedsLook = true;
        TellCatalog(read.Zone, slot);
        if (read.Row is null) Remove(read.Zone);
        else Timers.StartSingleTimer(read.Zone, new Revive(read.Zone), ReviveDelay);
        while (held.TryDequeue(out (ZoneMessage Message, IActorRef Sender) next)) Deliver(next.Message, next.Sender);
    }

    /// <summary>Nothing can be promised about the zone now. It is tried again until the journal answers.</summary>
    private void NotReadBack(ZoneReadFailed failed)
    {
        if (!_slots.TryGetValue(failed.Zone, out ZoneSlot? slot) || !slot.IsUnread) return;
        CodeProbe.Reached("shard.row-not-read");
        Refuse(slot, failed.Reason);
        Timers.StartSingleTimer(failed.Zone, new ReadAgain(failed.Zone), ReviveDelay);
    }

    private static void Refuse(ZoneSlot slot, Reason reason)
    {
        foreach ((ZoneMessage message, IActorRef sender) in slot.TakeHeld()) message.Refuse(sender, reason);
    }

    /// <summary>Stops with the last zone of the page: what lies behind it is not looked at.</summary>
    private ImmutableArray<ZoneStatus> List(ListZones query) =>
    [
        .. (_order ??= new OrderedNames(_slots.Keys)).Behind(query.After)
            .Where(name => query.Prefix.Length == 0 || name.ToString().StartsWith(query.Prefix, StringComparison.OrdinalIgnoreCase))
            .Where(name => query.State is null || StateOf(name, _slots[name]) == query.State)
            .Select(name => Status(name, _slots[name]))
            .Where(z => !query.OrphansOnly || _settings.Zones.Policy.Current.IsOrphan(z, Clock.UtcNow))
            .Take(query.Limit),
    ];

    private ZoneCounts Count()
    {
        Dictionary<string, int> counts = new(StringComparer.Ordinal);
        Dictionary<string, int> behind = new(StringComparer.Ordinal);
        int[] bySet = new int[BehindSets.Unnumbered];
        foreach ((DomainName name, ZoneSlot slot) in _slots)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(counts, StateOf(name, slot), out bool _)++;
            if (slot.IsCatalog) continue;
            if (slot.RestingBehind is var set and not BehindSets.Unnumbered) bySet[set]++;
            else AddTo(behind, BehindSets.Of(RowOf(name, slot)), 1);
        }

        for (int set = 0; set < bySet.Length; set++)
        {
            if (bySet[set] > 0) AddTo(behind, _behind[set], bySet[set]);
        }

        return new ZoneCounts(_start!.Shard, counts.ToImmutableDictionary()) { Behind = behind.ToImmutableDictionary() };
    }

    private static void AddTo(Dictionary<string, int> counts, ImmutableArray<string> targets, int zones)
    {
        foreach (string target in targets) CollectionsMarshal.GetValueRefOrAddDefault(counts, target, out bool _) += zones;
    }

    private ZoneStatus Status(DomainName name, ZoneSlot slot)
    {
        ZoneRow? row = RowOf(name, slot);
        return slot.Actor is null && row is not null
            ? ZoneStatusView.Of(row)
            : ZoneStatusView.Of(name, row, slot.Phase, slot.Transferring);
    }

    /// <summary>The state that <see cref="Status"/> would show. That of a zone at rest is noted beside its row.</summary>
    private string StateOf(DomainName name, ZoneSlot slot) => slot.RestingState ?? Status(name, slot).State;

    private void Add(DomainName name, ZoneSlot slot)
    {
        _slots.Add(name, slot);
        _order?.Add(name);
    }

    private void Remove(DomainName name)
    {
        _slots.Remove(name);
        _order?.Remove(name);
    }

    private ZoneRow? RowOf(DomainName name, ZoneSlot? slot) => _rows.Row(name, slot?.Kept);

    /// <summary>The row of a zone without an actor, held as small as it can be.</summary>
    private void Rest(ZoneSlot slot, ZoneRow row)
    {
        object kept = _rows.Rest(row);
        if (kept is byte[]) CodeProbe.Reached("shard.row-rests");
        slot.Rest(kept, ZoneStatusView.StateOf(row), _behind.NumberOf(row));
    }

    private sealed record Revive(DomainName Zone);

    private sealed record ReadAgain(DomainName Zone);
}
