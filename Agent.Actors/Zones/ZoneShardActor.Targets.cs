using System.Collections.Immutable;
using Agent.Actors.Backends;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Dns.Wire;

namespace Agent.Actors.Zones;

/// <content>
/// What the shard tells the targets: everything at the start, to one that returns, and to one that is new. A zone that is awake is told
/// to do so itself; for the others it is done from their rows. The target takes what it is told at its own pace.
/// </content>
public sealed partial class ZoneShardActor
{
    /// <summary>Nobody needs them before the shard has begun to load.</summary>
    private ZoneTargets Targets => _targets!;

    private ZoneTargets TargetsOf(DomainName name, ZoneRow? row) =>
        IsCatalog(name, row) ? new ZoneTargets(NoTargets, Targets.Shard, Targets.Epoch) : Targets;

    /// <summary>Nothing is loaded before the targets are known: of a deleted zone nothing else would be left to wait for.</summary>
    private void AskForTargets()
    {
        if (_settings.Zones.TargetDirectory is { } directory)
        {
            Context.System.EventStream.Subscribe(Self, typeof(TargetSetChanged));
            directory.Tell(new GetTargetSet(), Self);
        }
        else
        {
            foreach (IActorRef target in _set!.Targets.Values) target.Tell(new GetTargetStatus(), Self);
        }
    }

    private void TargetsChange(TargetSet set)
    {
        TargetSet? before = _set;
        if (before is not null && set.Version <= before.Version) return;
        _set = set;
        _healthy = before is null ? set.Names : [.. set.Names.Where(_healthy.Contains)];
        IActorRef[] fresh = [.. set.Targets.Where(t => before?.Targets.GetValueOrDefault(t.Key) != t.Value).Select(t => t.Value)];
        foreach (IActorRef target in fresh) target.Tell(new GetTargetStatus(), Self);
        if (_start is null) return;
        if (before is null)
        {
            Start(_start);
            return;
        }

        _targets = new ZoneTargets(set, _start.Shard, _start.Epoch);
        foreach (ZoneSlot slot in _slots.Values)
        {
            if (slot.IsCatalog) continue;
            if (slot.Actor is not null)
            {
                Tell(slot, _targets);
            }
            else if (!slot.IsUnread && slot.Row is { } row)
            {
                ImmutableArray<TargetProgress> fitting = set.Fit(row.Targets);
                if (fitting != row.Targets) slot.Row = row with { Targets = fitting };
                foreach (IActorRef target in fresh) TellWish(target, row);
            }
        }

        TellHealthy();
    }

    private void HealthChanged(TargetHealthChanged change)
    {
        if (_set is not { } set) return;
        if (change.Source is { } source && set.Targets.GetValueOrDefault(change.Target) != source) return;
        _healthy = change.Healthy
            ? [.. set.Names.Where(t => t == change.Target || _healthy.Contains(t))]
            : _healthy.Remove(change.Target);
        TellHealthy();
        if (change.Returned && _loaded && set.Targets.TryGetValue(change.Target, out IActorRef? target)) TellEverything(target);
    }

    private void TellHealthy()
    {
        foreach (IActorRef actor in _actors.Keys) actor.Tell(new HealthyTargets(_healthy), Self);
    }

    /// <summary>What the former owner had ordered before it crashed has taken effect by now, perhaps over what was told since.</summary>
    private void LookOnceMore()
    {
        CodeProbe.Reached("shard.looked-once-more");
        foreach (IActorRef target in Targets.Set.Targets.Values) TellEverything(target);
    }

    private void TellEverything(IActorRef target)
    {
        foreach (ZoneSlot slot in _slots.Values)
        {
            if (slot.IsCatalog) continue;
            if (slot.Actor is not null) Tell(slot, new TellTargetAgain(target));
            else if (!slot.IsUnread && slot.Row is { } row) TellWish(target, row);
        }
    }

    /// <summary>False when nothing of the zone is wanted there.</summary>
    private bool Look(ZoneSlot? slot, LookAtTarget look)
    {
        if (slot is null or { IsCatalog: true } || !Targets.Set.Targets.TryGetValue(look.Target, out IActorRef? target)) return false;
        if (slot.Actor is not null) Tell(slot, new TellTargetAgain(target, look.Depth));
        else if (slot.Row is { } row) TellWish(target, row, look.Depth);
        return true;
    }

    private void WantEverywhere(ZoneRow row)
    {
        foreach (IActorRef target in Targets.Set.Targets.Values) TellWish(target, row);
    }

    private void TellWish(IActorRef target, ZoneRow row, LookDepth depth = LookDepth.Serial)
    {
        if (IsCatalog(row.Name, row) || WantZone.OfRow(row, Targets.Shard, Targets.Epoch) is not { } wish) return;
        if (depth != LookDepth.Serial) wish = wish with { Depth = depth };
        target.Tell(PlantedBug.Is(PlantedBug.ReplayAfterTakeover) ? wish with { ObserveFirst = false } : wish, Self);
    }

    private ProvenZones CountProven(CountProven question)
    {
        int zones = 0, proven = 0;
        foreach (ZoneSlot slot in _slots.Values)
        {
            if (slot.IsCatalog || slot.Row is not { Wish: ZoneWish.Present, Content: not null } row) continue;
            zones++;
            if (question.Targets.All(target => row.Targets.Any(t => t.Target == target && t.State == TargetZoneState.Verified))) proven++;
        }

        return new ProvenZones(_start!.Shard, question.Round, zones, proven);
    }
}
