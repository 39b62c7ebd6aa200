using System.Collections.Immutable;
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
        if (!_slots.TryGetValue(name, out ZoneSlot? slot)) _slots[name] = slot = SlotOf(name, null);
        if (slot.Actor is { } awake) return awake;
        var zone = new ZoneRowOrName(slot.Row?.Name ?? name, slot.Row);
        IActorRef actor = Context.ActorOf(ZoneActor.Props(_settings.Zones, zone, TargetsOf(name, slot.Row), _healthy));
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
                sender.Tell(ZoneStatusView.Of(slot.Row!), Self);
                return;
            case GetZoneContent { OfCandidate: true } when slot?.Actor is null:
                sender.Tell(new ZoneContentReply(message.Zone, slot?.Row?.Candidate?.Content), Self);
                return;
            case GetZoneContent when slot?.Actor is null:
                sender.Tell(ContentReply(message.Zone, slot?.Row), Self);
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

        if (!slot.IsUnread && RolloutPolicy.IsOnTrial(slot.Row))
        {
            // It may be what a rollout waits for.
            CodeProbe.Reached("shard.trial-wakes");
            Wake(report.Zone);
            Tell(slot, report, Sender);
            return;
        }

        if (slot.IsUnread || slot.Row is not { } row || row.Generation != report.Generation) return;
        if (row.Targets.FirstOrDefault(t => t.Target == report.Progress.Target) is not { } before) return;
        TargetProgress now = report.Progress with { IsLeaving = before.IsLeaving };
        if (ZoneWishes.IsOutdated(row, now, _settings.Zones.Policy.Current)) return;
        bool hasLeft = now.IsLeaving && ZoneWishes.IsGone(now);
        slot.Row = row with { Targets = hasLeft ? row.Targets.Remove(before) : row.Targets.Replace(before, now) };
        TargetProgress written = slot.TakeWritten(now.Target) ?? before;
        if (written.State == now.State && written.Serial == now.Serial) return;
        _settings.Zones.Journal.Tell(new Append(0, _start!.Epoch, [new PutProgress(report.Zone, now)]), Self);
    }

    private void Picture(ZonePicture picture)
    {
        if (!_slots.TryGetValue(picture.Zone, out ZoneSlot? slot) || slot.Actor != Sender) return;
        slot.Row = picture.Row;
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
            _slots.Remove(offer.Zone);
            return;
        }

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
        if (read.Row?.Generation > (slot.Row?.Generation ?? 0)) CodeProbe.Reached("shard.row-was-older");
        slot.IsUnread = false;
        slot.Row = read.Row;
        slot.Phase = read.Row is { Wish: ZoneWish.Absent } ? ZonePhase.Deleting : ZonePhase.Present;
        Queue<(ZoneMessage Message, IActorRef Sender)> held = slot.TakeHeld();
        slot.NeedsLook = true;
        TellCatalog(read.Zone, slot);
        if (read.Row is null) _slots.Remove(read.Zone);
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

    private ImmutableArray<ZoneStatus> List(ListZones query) =>
    [
        .. _slots.Where(s => query.After is null || s.Key.CompareTo(query.After) > 0)
            .Select(s => s.Value.Status(s.Key))
            .Where(z => query.State is null || z.State == query.State)
            .Where(z => !query.OrphansOnly || _settings.Zones.Policy.Current.IsOrphan(z, Clock.UtcNow))
            .Where(z => z.Name.ToString().StartsWith(query.Prefix, StringComparison.OrdinalIgnoreCase))
            .OrderBy(z => z.Name)
            .Take(query.Limit),
    ];

    private ZoneCounts Count() => new(
        _start!.Shard,
        _slots.GroupBy(s => s.Value.Status(s.Key).State).ToImmutableDictionary(g => g.Key, g => g.Count()));

    private sealed record Revive(DomainName Zone);

    private sealed record ReadAgain(DomainName Zone);

    /// <summary>One zone of the shard: a row, and an actor while it is in motion.</summary>
    private sealed class ZoneSlot(ZoneRow? row)
    {
        private Queue<(ZoneMessage Message, IActorRef Sender)>? _held;
        private ImmutableArray<TargetProgress> _written = [];

        public ZoneRow? Row { get; set; } = row;

        public IActorRef? Actor { get; set; }

        /// <summary>A catalog of the configuration: no target hears of it.</summary>
        public bool IsCatalog { get; init; }

        /// <summary>Messages sent to the present actor.</summary>
        public long Sent { get; set; }

        /// <summary>The actor broke, and what is durable has not been read back yet: messages wait.</summary>
        public bool IsUnread { get; set; }

        /// <summary>Loaded without content, or its actor broke: the next one begins with a look at everything.</summary>
        public bool NeedsLook { get; set; }

        public Queue<(ZoneMessage Message, IActorRef Sender)> Held => _held ??= new();

        /// <summary>Its masters are asked when its turn comes.</summary>
        public bool IsToCheck { get; set; }

        public ZonePhase Phase { get; set; }

        public bool Transferring { get; set; }

        public TimeSpan RefreshAt { get; set; }

        /// <summary>What the journal says of a target that has not been heard of since the start.</summary>
        public TargetProgress? TakeWritten(string target)
        {
            TargetProgress? written = _written.FirstOrDefault(t => t.Target == target);
            if (written is not null) _written = _written.Remove(written);
            return written;
        }

        /// <summary>From here on the zone's actor writes.</summary>
        public void ForgetWritten() => _written = [];

        /// <summary>What was proven before a start is not proven any more: a server may have lost it meanwhile.</summary>
        public void Unproven(ZoneTargets targets)
        {
            _written = Row!.Targets;
            Row = Row with { Targets = [.. ZoneWishes.Fit(_written, targets.Set.Names, targets.Others).Select(Pending)] };

            static TargetProgress Pending(TargetProgress t) =>
                t is { State: TargetZoneState.Pending, Reason: null } ? t : t with { State = TargetZoneState.Pending, Reason = null };
        }

        /// <summary>
        /// The zone belongs to a target that the row does not know to have it: the row has to be written before that target is told. One
        /// that was seen without it stays marked as one to be left until then.
        /// </summary>
        public bool Comes(ZoneTargets targets)
        {
            if (targets.Set.Names.All(name => Row!.Targets.Any(t => t.Target == name && !ZoneWishes.IsGone(t)))) return false;
            Row = Row! with
            {
                Targets =
                [
                    .. Row.Targets.Select(static t =>
                        t with { State = TargetZoneState.Pending, Reason = null, IsLeaving = ZoneWishes.IsGone(t) }),
                ],
            };
            return true;
        }

        public Queue<(ZoneMessage Message, IActorRef Sender)> TakeHeld()
        {
            Queue<(ZoneMessage Message, IActorRef Sender)> held = _held ?? new();
            _held = null;
            return held;
        }

        public ZoneStatus Status(DomainName name) =>
            Actor is null && Row is { } row ? ZoneStatusView.Of(row) : ZoneStatusView.Of(name, Row, Phase, Transferring);
    }
}
